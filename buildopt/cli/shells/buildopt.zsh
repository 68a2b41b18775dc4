#compdef buildopt
# Completion of buildopt in zsh. Before `--` the program is asked, behind it the shell answers.

_buildopt() {
    local -i at=${words[(i)--]}
    if ((at < CURRENT)); then
        if [[ $words[2] == build ]]; then
            _files
            return
        fi
        shift $at words
        ((CURRENT -= at))
        _normal
        return
    fi
    local -a reply plain described
    local type value help
    reply=("${(@f)$(COMP_WORDS="${(j: :)words[1,CURRENT]}" COMP_CWORD=$((CURRENT - 1)) \
        _BUILDOPT_COMPLETE=zsh_complete ${~words[1]} 2>/dev/null)}")
    [[ $words[CURRENT] == --*=* ]] && compset -P '*='
    for type value help in $reply; do
        case $type in
            (file) _files ;;
            (dir) _files -/ ;;
            (plain)
                if [[ $help == _ ]]; then
                    plain+=($value)
                else
                    described+=("$value:$help")
                fi
                ;;
        esac
    done
    (($#described)) && _describe -V buildopt described
    (($#plain)) && compadd -V buildopt-words -a plain
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _buildopt "$@"
else
    compdef _buildopt buildopt
fi
