// SPDX-License-Identifier: MIT
//
// detail/head_form.hpp - the forms of heads that a construction tries at each site.
// Floor 8 (construct); host subset. Tested by tests/construct/heads.cpp.
#ifndef EENN_CONSTRUCT_DETAIL_HEAD_FORM_HPP
#define EENN_CONSTRUCT_DETAIL_HEAD_FORM_HPP

#include <eenn/core/detail/flow.hpp>

#include <string_view>

namespace eenn::construct {
inline namespace EENN_HOST {

/// @brief The layers before a head's classifier, see design_head().
enum class head_form : unsigned char { small, medium, large, whole, dense };

/// @brief The name used in reports.
[[nodiscard]] constexpr std::string_view to_string(head_form form) noexcept {
    switch (form) {
        case head_form::small: return "small";
        case head_form::medium: return "medium";
        case head_form::large: return "large";
        case head_form::whole: return "whole";
        case head_form::dense: break;
    }
    return "dense";
}

/// @brief Whether heads of a form use separable stages rather than whole convolutions.
[[nodiscard]] constexpr bool is_separable(head_form form) noexcept {
    return form != head_form::whole && form != head_form::dense;
}

}  // namespace EENN_HOST
}  // namespace eenn::construct

#endif
