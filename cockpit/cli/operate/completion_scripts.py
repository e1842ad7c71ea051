"""The scripts by which shells ask for completions; none depends on the machine that prints it.

Beyond click's own they complete the value behind ``--option=``, leave no space behind ``name=``, ask the program that
was typed, also one below ``~``, and write no error into the line that is being typed.
"""

from collections.abc import Mapping

BASH = r"""
_cockpit_completion() {
    local program=${1/#\~\//$HOME/} current=${COMP_WORDS[COMP_CWORD]} before='' word type value
    local -a words=()
    type -P -- "$program" >/dev/null || program=cockpit
    for word in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
        # bash splits words at =, which are one to the program.
        if ((${#words[@]} > 1)) && [[ $word == = || ( ${words[-1]} == *= && $word != '' ) ]]; then
            words[-1]+=$word
        else
            words+=("$word")
        fi
    done
    [[ $current == -*=* ]] && before=${current%%=*}=
    while IFS=, read -r type value; do
        case $type in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain)
                [[ $value == *= ]] && compopt -o nospace
                COMPREPLY+=("$before$value")
                ;;
        esac
    done < <(
        IFS=$'\n'
        COMP_WORDS="${words[*]}" COMP_CWORD=$((${#words[@]} - 1)) _COCKPIT_COMPLETE=bash_complete \
            "$program" 2>/dev/null
    )
}

complete -o nosort -F _cockpit_completion cockpit
"""

ZSH = r"""
_cockpit_completion() {
    local program=${${(Q)words[1]}/#\~\//$HOME/} type value about
    local -a described plain open response
    (( $+commands[$program] )) || [[ -x $program ]] || program=cockpit
    response=("${(@f)$(COMP_WORDS="${words[*]}" COMP_CWORD=$((CURRENT - 1)) _COCKPIT_COMPLETE=zsh_complete \
        $program 2>/dev/null)}")
    [[ $PREFIX == -*=* ]] && compset -P '*='
    for type value about in $response; do
        case $type in
            dir) _path_files -/ ;;
            file) _path_files -f ;;
            plain)
                if [[ $about != _ ]]; then
                    described+=("$value:$about")
                elif [[ $value == *= ]]; then
                    open+=("$value")
                else
                    plain+=("$value")
                fi
                ;;
        esac
    done
    (( $#described )) && _describe -V unsorted described
    (( $#open )) && compadd -S '' -V unsorted -a open
    (( $#plain )) && compadd -V unsorted -a plain
}

compdef _cockpit_completion cockpit
"""

FISH = r"""
function _cockpit_completion
    set -l program (commandline -opc)[1]
    set program (string replace -r '^~/' "$HOME/" -- "$program")
    type -q -- $program; or set program cockpit
    set -l current (commandline -ct)
    set -l before ''
    string match -q -- '-*=*' $current; and set before (string split -m 1 = -- $current)[1]=
    for line in (_COCKPIT_COMPLETE=fish_complete COMP_WORDS=(commandline -cp) COMP_CWORD=$current $program 2>/dev/null)
        set -l found (string split -m 1 , -- $line)
        switch $found[1]
            case dir
                for path in (__fish_complete_directories $found[2])
                    echo $before$path
                end
            case file
                for path in (__fish_complete_path $found[2])
                    echo $before$path
                end
            case plain
                echo $before$found[2]
        end
    end
end

complete --no-files --command cockpit --arguments '(_cockpit_completion)'
"""

SCRIPTS: Mapping[str, str] = {"bash": BASH, "zsh": ZSH, "fish": FISH}
