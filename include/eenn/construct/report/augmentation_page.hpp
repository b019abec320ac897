// SPDX-License-Identifier: MIT
//
// augmentation_page.hpp - the report of a construction as one page of HTML: no script, nothing from outside.
// Floor 8 (construct); host subset.
#ifndef EENN_CONSTRUCT_REPORT_AUGMENTATION_PAGE_HPP
#define EENN_CONSTRUCT_REPORT_AUGMENTATION_PAGE_HPP

#include <eenn/construct/detail/result.hpp>
#include <eenn/core/detail/flow.hpp>

#include <string>

namespace eenn::report {
inline namespace EENN_HOST {

/// @brief The report as a page: the verdict first, then what was built, then how it was found. Well-formed XML but for
/// its first line; every text from outside is escaped.
///
/// Parts that have nothing to show are left out.
[[nodiscard]] EENN_FLOW std::string augmentation_html(const construct::result& r);

}  // namespace EENN_HOST
}  // namespace eenn::report

#if !defined(EENN_COMPILED)
#include <eenn/construct/report/detail/augmentation_page.hpp>
#endif

#endif
