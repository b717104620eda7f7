# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the kworker authors
#
# Sourced by bench/run and stress/run: finds a JDK, builds the jar of one module where it is missing or stale, and runs it.

readonly REQUIRED_JDK=25
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

die() {
    echo "$(basename "$(dirname "$0")")/run: $*" >&2
    exit 1
}

# Major version of the JDK in directory $1, nothing where there is none.
jdk_major() {
    [[ -x $1/bin/javac && -r $1/release ]] || return 0
    sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release"
}

# Prints the home of a JDK that is new enough: JAVA_HOME, else the java on the PATH, else the oldest in the usual places.
find_jdk() {
    local java home major best='' best_major=0
    java=$(readlink -f "$(command -v java || true)" || true)
    for home in "${JAVA_HOME:-}" "${java%/bin/java}"; do
        major=$(jdk_major "$home")
        if (( ${major:-0} >= REQUIRED_JDK )); then
            echo "$home"
            return
        fi
    done
    for home in /usr/lib/jvm/* /usr/java/* /opt/* /opt/*/* ~/.sdkman/candidates/java/* ~/.jdks/* ~/.m2/jdks/*; do
        major=$(jdk_major "$home")
        if (( ${major:-0} >= REQUIRED_JDK )) && (( best_major == 0 || major < best_major )); then
            best=$home
            best_major=$major
        fi
    done
    [[ -n $best ]] || die "found no JDK $REQUIRED_JDK or newer." \
        "Install one (Temurin $REQUIRED_JDK for example), or set JAVA_HOME to it."
    echo "$best"
}

# True where the jar is missing or older than anything it is made of; directories count, for deleted files.
is_stale() {
    [[ ! -e $jar || -n $(find core/src "$module/src" pom.xml core/pom.xml "$module/pom.xml" -newer "$jar" -print -quit) ]]
}

# One build at a time: the modules share core/target.
build() {
    local log started turn
    command -v mvn > /dev/null || die "needs Maven (mvn) on the PATH to build $jar."
    exec {turn}< .config/launch.sh
    flock "$turn"
    echo "building $jar ..." >&2
    log=$(mktemp)
    started=$(mktemp)
    if ! JAVA_HOME=$jdk mvn -B -q -pl "core,$module" -am package -DskipTests > "$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log" "$started"
        die "the build failed."
    fi
    touch -r "$started" "$jar" # what was edited meanwhile is newer
    rm -f "$log" "$started"
    exec {turn}<&-
}

# launch MODULE ARGS...: runs MODULE/target/MODULE.jar in the root of the repository.
launch() {
    local module=$1 jar=$1/target/$1.jar jdk lock said=''
    shift
    jdk=$(find_jdk)
    cd "$ROOT"

    # Java inherits the shared lock: nobody replaces the jar while it is in use.
    exec {lock}< "$module/run"
    while flock -s "$lock" && is_stale; do
        if flock -x -w 1 "$lock"; then
            if is_stale; then build; fi
        elif [[ -z $said ]]; then
            echo "waiting for another run or build of $jar ..." >&2
            said=yes
        fi
    done
    exec "$jdk/bin/java" -jar "$jar" "$@"
}
