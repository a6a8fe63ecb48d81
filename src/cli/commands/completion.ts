import type { Run } from '../command.ts'

export const run: Run = async ({ operands, print }) => {
  print.raw(SCRIPTS[operands[0]!]!)
  return undefined
}

/** Each asks `holdfast complete` with the words up to the cursor, so that keys and tags are those of the store at hand. */
const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `# holdfast completion for bash
_holdfast() {
  local line=\${COMP_LINE:0:COMP_POINT} word before candidate
  local -a words
  read -ra words <<< "$line"
  case $line in *[[:space:]]) words+=('') ;; esac
  word=\${words[\${#words[@]}-1]}
  # Readline cuts words at = and :, so what stands before them is left out of the answers.
  before=\${word%"\${word##*[=:]}"}
  COMPREPLY=()
  while IFS= read -r candidate; do
    [ -n "$candidate" ] || continue
    COMPREPLY+=("\${candidate#"$before"}")
    case $candidate in *= | *.) compopt -o nospace 2>/dev/null ;; esac
  done < <("\${words[0]}" complete -- "\${words[@]:1}" 2>/dev/null)
  if [ "\${COMPREPLY[*]}" = '<file>' ]; then
    COMPREPLY=()
    compopt -o default 2>/dev/null
  fi
}
complete -F _holdfast holdfast
`,
  zsh: `#compdef holdfast
_holdfast() {
  local -a candidates open closed
  candidates=("\${(@f)$("\${words[1]}" complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ "\${candidates[*]}" == '<file>' ]]; then
    _files
    return
  fi
  open=("\${(@M)candidates:#*[=.]}")
  closed=("\${(@)candidates:#*[=.]}")
  (( \${#open} )) && compadd -S '' -- $open
  (( \${#closed} )) && compadd -- $closed
}
if [[ "\${funcstack[1]}" == _holdfast ]]; then
  _holdfast
else
  compdef _holdfast holdfast
fi
`,
  fish: `# holdfast completion for fish
function __holdfast_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l candidates ($words[1] complete -- $words[2..-1] 2>/dev/null)
  if test "$candidates" = '<file>'
    __fish_complete_path (commandline -ct)
  else
    printf '%s\\n' $candidates
  end
end
complete -c holdfast -f -a '(__holdfast_complete)'
`,
}
