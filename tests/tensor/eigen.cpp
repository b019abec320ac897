// SPDX-License-Identifier: MIT
#include <eenn/tensor/eigen.hpp>

#include <doctest/doctest.h>

#include <array>
#include <numeric>
#include <vector>

using namespace eenn;

namespace {

constexpr shape small{2, 3, 2};

/// Two samples; element (n,y,x,c) is 100 n + 6 y + 2 x + c.
std::vector<float> two_samples() {
    std::vector<float> x(2 * small.elements());
    std::iota(x.begin(), x.begin() + 12, 0.0F);
    std::iota(x.begin() + 12, x.end(), 100.0F);
    return x;
}

}  // namespace

TEST_CASE("tensor/eigen: rows are pixels, columns are channels, and nothing is copied") {
    auto x = two_samples();
    auto pixels = pixel_matrix(x.data(), small);
    CHECK(pixels.rows() == 6);
    CHECK(pixels.cols() == 2);
    CHECK(pixels(4, 1) == 9);          // (1,1,1)
    CHECK(pixels.col(0).sum() == 30);  // 0 + 2 + 4 + 6 + 8 + 10
    pixels(4, 1) = -1;
    CHECK(x[9] == -1);
}

TEST_CASE("tensor/eigen: a channel is an image") {
    auto x = two_samples();
    auto second = channel_matrix(x.data() + small.elements(), small, 1);
    CHECK(second.rows() == 2);
    CHECK(second.cols() == 3);
    CHECK(second(0, 2) == 105);
    CHECK(second(1, 0) == 107);
    second.row(1).setZero();
    CHECK(x == std::vector<float>{0,   1,   2,   3,   4,   5,   6,   7, 8,   9, 10,  11,
                                  100, 101, 102, 103, 104, 105, 106, 0, 108, 0, 110, 0});
}

TEST_CASE("tensor/eigen: rows of a batch are samples, and a constant batch gives a constant map") {
    const auto x = two_samples();
    const auto batch = batch_matrix(x.data(), 2, small);
    CHECK(batch.rows() == 2);
    CHECK(batch.cols() == 12);
    CHECK(batch(1, 7) == 107);
    CHECK(batch.rowwise().sum()(1) == 1266);
    static_assert(!std::is_assignable_v<decltype(batch(0, 0)), float>, "a map of constants is read-only");
}

TEST_CASE("tensor/eigen: a matrix in Eigen's own order becomes a tensor by assignment") {
    Eigen::MatrixXd pixels(4, 2);  // columns after one another in memory
    pixels << 1, 2, 3, 4, 5, 6, 7, 8;
    std::array<double, 8> sample{};
    pixel_matrix(sample.data(), shape{2, 2, 2}) = pixels;
    CHECK(sample == std::array<double, 8>{1, 2, 3, 4, 5, 6, 7, 8});

    const row_major_matrix<double> rows = pixels;
    const auto elements = elements_of(rows);
    CHECK(std::vector<double>{elements.begin(), elements.end()} == std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8});
    const Eigen::VectorXd features = pixels.col(1);
    CHECK(elements_of(features)[3] == 8);
}
