#!/bin/sh
# SPDX-License-Identifier: MIT
#
# floors.sh ROOT - checks what the headers under ROOT/include/eenn include:
#
#   1. a header includes its own folder and lower floors, as cmake/floors.txt numbers them; umbrellas (include/eenn/*.hpp)
#      are the top, include anything but interop/, and nothing includes them but umbrellas
#   2. an included eenn header exists, is written <eenn/...>, and no files include each other in a circle, but a header and its
#      definitions in detail/ (core/detail/flow.hpp), which it and other definitions alone include; detail/ has the floor of
#      its folder, and any header above may include it: the library is one
#   3. Eigen is named in tensor/eigen.hpp alone, as <Eigen/Core>, and no umbrella reaches it; <execution> is named nowhere
#   4. platform/ and exits/thresholds.hpp take numbers, not networks: they reach no kernel that computes, and no Eigen
#   5. the device subset, which is all that infer.hpp reaches, includes no header that needs a host
#   6. at most 100 headers stand outside of detail/, and each is reached by eenn.hpp, or is one of those that it says it leaves
#      out: construct/ is reached by construct.hpp then, all others are included alone
#   7. what users read includes no detail/: the code of README.md, and examples/
#
# Prints a line for each fault and fails if there is one.
root=$1
cd "$root/include" || exit 2

status=0
if (cd .. && find README.md examples -name '*.[hcm][pd]*' -type f 2> /dev/null | xargs grep -nE '^[ 	]*#[ 	]*include.*/detail/' /dev/null); then
    echo "users include no header of detail/"
    status=1
fi

find eenn -name '*.hpp' | sort | xargs awk -v most=100 '
    function fault(text) { print text; faults++ }
    function declaration_of(file) { sub(/detail\//, "", file); return file }
    function defines(file) { return file ~ /\/detail\// && declaration_of(file) in known }
    function computes(file) { return folder_of(file) == "kernels" && includes[file] ~ / eenn\/(tensor|kernels)\// }
    function folder_of(file,   parts) { return split(file, parts, "/") > 2 ? parts[2] : "" }

    # All that `file` reaches, by depth first; `path` is how it got there.
    function walk(file, path, visit,   n, i, targets) {
        if (state[visit, file] == "open") { fault("circle: " path); return }
        if (state[visit, file] == "done") return
        state[visit, file] = "open"
        reached[visit, file] = path
        n = split(includes[file], targets, " ")
        for (i = 1; i <= n; i++) walk(targets[i], path " > " targets[i], visit)
        state[visit, file] = "done"
    }

    FILENAME ~ /floors\.txt$/ {
        if ($0 ~ /^[a-z]/) floor[$1] = $2
        next
    }
    FNR == 1 {
        files[++count] = FILENAME
        known[FILENAME] = 1
        if (folder_of(FILENAME) != "" && !(folder_of(FILENAME) in floor)) fault(FILENAME ": its folder is not in cmake/floors.txt")
    }
    /^[ \t]*#[ \t]*include[ \t]*[<"]/ {
        at = FILENAME ":" FNR ": "
        match($0, /[<"][^>"]*[>"]/)
        quote = substr($0, RSTART, 1)
        name = substr($0, RSTART + 1, RLENGTH - 2)
        if (quote != "<") fault(at "write <eenn/...>, not \"" name "\"")
        if (name ~ /^eenn\//) {
            if (FILENAME ~ /\/detail\// && name == declaration_of(FILENAME)) next  # which includes this file
            includes[FILENAME] = includes[FILENAME] " " name
            where[FILENAME, name] = at
        } else {
            system_headers[FILENAME] = system_headers[FILENAME] " " name
            if (name ~ /^(unsupported\/)?Eigen\// && FILENAME != "eenn/tensor/eigen.hpp")
                fault(at "Eigen is named in tensor/eigen.hpp alone")
            else if (name ~ /^(unsupported\/)?Eigen\// && name != "Eigen/Core")
                fault(at "of Eigen, only <Eigen/Core> is included, not <" name ">")
            if (name == "execution") fault(at "<execution> forces -ltbb on users")
        }
    }
    END {
        for (i = 1; i <= count; i++) {
            file = files[i]
            own = folder_of(file)
            n = split(includes[file], targets, " ")
            for (j = 1; j <= n; j++) {
                target = targets[j]
                at = where[file, target]
                to = folder_of(target)
                if (!(target in known)) fault(at "no such header: <" target ">")
                else if (defines(target) && declaration_of(target) != file && !defines(file))
                    fault(at "definitions are included by their own header, and other definitions: <" target ">")
                else if (own == "" && to == "interop") fault(at "an umbrella may not include interop/")
                else if (own == "" || own == to) continue
                else if (to == "") fault(at "an umbrella is the top: only umbrellas include it")
                else if (floor[to] >= floor[own])
                    fault(at own "/ (floor " floor[own] ") may not include " to "/ (floor " floor[to] ")")
            }
        }
        for (i = 1; i <= count; i++) walk(files[i], files[i], "all")

        for (i = 1; i <= count; i++) {
            file = files[i]
            if (file !~ /^eenn\/(platform\/.*|exits\/thresholds\.hpp)$/) continue
            walk(file, file, file)
            for (j = 1; j <= count; j++)
                if ((file, files[j]) in reached && (computes(files[j]) || system_headers[files[j]] ~ / Eigen\//))
                    fault(file ": takes numbers alone, but reaches: " reached[file, files[j]])
        }

        for (i = 1; i <= count; i++) {
            file = files[i]
            if (folder_of(file) != "") continue
            walk(file, file, file)
            for (j = 1; j <= count; j++)
                if ((file, files[j]) in reached && system_headers[files[j]] ~ / Eigen\//)
                    fault(file ": an umbrella does not cost what Eigen costs: " reached[file, files[j]])
        }

        walk("eenn/infer.hpp", "eenn/infer.hpp", "device")
        for (i = 1; i <= count; i++) {
            file = files[i]
            if (!(("device", file) in reached)) continue
            n = split(system_headers[file], targets, " ")
            for (j = 1; j <= n; j++)
                if (targets[j] ~ /^(iostream|regex|functional|random|thread|ranges)$/)
                    fault(file ": the device subset may not include <" targets[j] ">: " reached["device", file])
        }
        walk("eenn/eenn.hpp", "eenn/eenn.hpp", "all of it")
        walk("eenn/construct.hpp", "eenn/construct.hpp", "construction")
        for (i = 1; i <= count; i++) {
            file = files[i]
            if (file ~ /\/detail\//) continue
            public++
            alone = file ~ /^eenn\/(interop|charts|io\/onnx|construct\/report)\/|^eenn\/tensor\/eigen\.hpp$/
            constructs = !alone && file ~ /^eenn\/construct[\/.]/
            if ((("all of it", file) in reached) == (alone || constructs))
                fault(file ": eenn.hpp " (alone || constructs ? "says it leaves this out" : "reaches all but what it says it leaves out"))
            if (constructs && !(("construction", file) in reached)) fault(file ": construct.hpp reaches all of construct/")
        }
        if (public > most) fault(public " headers outside of detail/, at most " most)
        print count " headers, " public " of them outside of detail/, " faults + 0 " faults"
        exit faults > 0
    }
' ../cmake/floors.txt || status=1
exit $status
