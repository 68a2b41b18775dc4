# Completion of buildopt in fish. Before `--` the program is asked, behind it the shell answers.

function __buildopt_complete
    set -l typed (commandline -opc)
    set -l current (commandline -ct)
    if set -l at (contains -i -- -- $typed)
        set -l rest $typed[(math $at + 1)..]
        if test "$typed[2]" = build
            __fish_complete_path (string unescape -- $current)
        else
            complete -C (string join ' ' -- (string escape -- $rest) "$current")
        end
        return
    end
    set -l program (string replace -r '^~/' "$HOME/" -- $typed[1])
    set -l prefix (string match -r -- '^--[^=]+=' $current; or echo)
    set -l value (string unescape -- (string replace -r -- '^--[^=]+=' '' $current))
    set -l reply (env _BUILDOPT_COMPLETE=fish_complete COMP_CWORD="$current" \
        COMP_WORDS=(string join ' ' -- (string escape -- $typed) "$current") \
        $program 2>/dev/null)
    for line in $reply
        set -l parts (string split -m 1 , -- $line)
        switch $parts[1]
            case plain
                printf '%s\n' "$prefix$parts[2]"
            case file
                printf '%s\n' $prefix(__fish_complete_path $value)
            case dir
                printf '%s\n' $prefix(__fish_complete_directories $value)
        end
    end
end

complete -c buildopt -f -a '(__buildopt_complete)'
