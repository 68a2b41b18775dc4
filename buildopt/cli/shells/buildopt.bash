# Completion of buildopt in bash. Before `--` the program is asked, behind it the shell answers.

_buildopt() {
    local at current line prefix reply type value word
    current=${COMP_WORDS[COMP_CWORD]}
    COMPREPLY=()
    for ((at = 1; at < COMP_CWORD; at++)); do
        [[ ${COMP_WORDS[at]} == -- ]] && break
    done
    if ((at < COMP_CWORD)); then
        if [[ ${COMP_WORDS[1]} == build ]]; then
            compopt -o default
        elif declare -F _command_offset >/dev/null; then
            _command_offset $((at + 1))
        else
            compopt -o default
            if ((at + 1 == COMP_CWORD)); then
                local IFS=$'\n'
                COMPREPLY=($(compgen -A command -- "$current"))
            fi
        fi
        return
    fi
    # Bash splits words at = and : for itself; the program gets them as they were typed, and an
    # empty last word where the cursor stands behind a blank.
    line=${COMP_LINE:0:COMP_POINT}
    word=${line##*[[:blank:]]}
    [[ $word ]] || line+="''"
    reply=$(COMP_WORDS=$line COMP_CWORD=-1 _BUILDOPT_COMPLETE=bash_complete \
        "${1/#\~/$HOME}" 2>/dev/null)
    while IFS=, read -r type value; do
        case $type in
            plain) COMPREPLY+=("$value") ;;
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
        esac
    done <<<"$reply"
    if [[ $word == *:* && $COMP_WORDBREAKS == *:* ]]; then
        prefix=${word%"${word##*:}"}
        COMPREPLY=("${COMPREPLY[@]#"$prefix"}")
    elif [[ $word == --*=* && $COMP_WORDBREAKS != *=* ]]; then
        COMPREPLY=("${COMPREPLY[@]/#/"${word%%=*}="}")
    fi
}

complete -o nosort -F _buildopt buildopt 2>/dev/null || complete -F _buildopt buildopt
