#!/bin/sh
# SPDX-License-Identifier: MIT
#
# casts.sh ROOT LIMIT [show] - counts the casts of every form in the headers under ROOT/include/eenn and fails if there are more than
# LIMIT per 1000 code lines. Then it prints the ten files with the most per 1000 lines.
#
# A cast is static_cast, reinterpret_cast, const_cast or dynamic_cast, a functional or brace conversion to an arithmetic type
# (`int(x)`, `std::size_t{x}`), or a C-style cast to one (`(float)x`). A code line is one that is not blank without its comment.
root=$1
limit=$2
cd "$root/include" || exit 2
find eenn -name '*.hpp' | sort | xargs awk -v limit="$limit" -v show="${3-}" '
    function occurrences(text, pattern,   n) {
        for (; match(text, pattern); n++) text = substr(text, RSTART + RLENGTH)
        return n + 0
    }

    BEGIN {
        type = "((std::)?(size_t|ptrdiff_t|u?int(8|16|32|64|ptr)_t|streamsize|streamoff)"
        type = type "|bool|char|signed|unsigned( char| int| long)?|short|int|long( long)?|float|(long )?double)"
        named = "(static|reinterpret|const|dynamic)_cast *<"
        # The character before tells a conversion from a part of a name, a function type or parameters; `int{}` converts nothing.
        functional = "(^|[^A-Za-z0-9_:<.])" type "([({]$|[({][^)}])"
        c_style = "(^|[^])A-Za-z0-9_>])[(]" type "( *[*])*[)] *[A-Za-z0-9_(*~!-]"
    }
    {
        line = $0
        gsub(/\\./, "", line)
        gsub(/"[^"]*"/, "\"\"", line)
        sub(/\/\/.*/, "", line)
        if (line ~ /^[ \t]*$/) next
        gsub(/operator +[a-z:_0-9]+ *[(]/, "operator(", line)   # converts by itself where it is called
        gsub(/[)] *(const|noexcept|override|mutable|requires)/, ")", line)
        lines[FILENAME]++
        all_lines++
        n = occurrences(line, named) + occurrences(line, functional) + occurrences(line, c_style)
        casts[FILENAME] += n
        all_casts += n
        if (show == "show" && n > 0) print FILENAME ":" FNR ": " $0
    }
    END {
        rate = 1000 * all_casts / all_lines
        printf "%d casts in %d code lines: %.1f per 1000, limit %s\n", all_casts, all_lines, rate, limit
        if (rate <= limit) exit 0
        print "FAIL: give values the right type from the start; the files with the most casts per 1000 lines:"
        for (place = 1; place <= 10; place++) {
            worst = ""
            for (file in casts)
                if (worst == "" || casts[file] / lines[file] > casts[worst] / lines[worst]) worst = file
            if (worst == "" || casts[worst] == 0) break
            printf "%6.1f %4d of %4d  %s\n", 1000 * casts[worst] / lines[worst], casts[worst], lines[worst], worst
            delete casts[worst]
        }
        exit 1
    }
'
