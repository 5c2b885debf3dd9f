/**
 * The shells' side of completion: they pass the words of the line to `hopbook __complete`, as they stand and never
 * evaluated, and offer what it prints. What is printed is of a safe alphabet (see complete.ts) and is put into arrays
 * line by line: no eval, no `compgen -W`, both of which would expand it.
 */
export const COMPLETION_SCRIPTS = {
  bash: `# bash completion for hopbook: source <(hopbook completion bash)
_hopbook() {
  local cur words line also word before rest i
  # Bash splits words at = and : too; put together what stands together in the line.
  words=() rest=\${COMP_LINE:0:COMP_POINT}
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    before=\${rest%%[![:space:]]*}
    rest=\${rest#"$before"}
    if ((i == COMP_CWORD)); then word=$rest; fi
    rest=\${rest#"$word"}
    if ((\${#words[@]} > 0)) && [[ -z $before ]]; then
      words[\${#words[@]}-1]+=$word
    else
      words+=("$word")
    fi
  done
  cur=\${words[\${#words[@]}-1]}
  COMPREPLY=()
  also=:none
  while IFS= read -r line; do
    case $line in
      :*) also=$line ;;
      *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <(command hopbook __complete "\${words[@]:1}" 2>/dev/null)
  case $also in
    :nospace) compopt -o nospace 2>/dev/null ;;
    :files | :dirs)
      if [[ \${#COMPREPLY[@]} -eq 0 || $cur == */* || $cur == .* || $cur == '~'* ]]; then
        compopt -o filenames 2>/dev/null
        while IFS= read -r line; do COMPREPLY+=("$line"); done < <(
          if [[ $also == :dirs ]]; then compgen -d -- "$cur"; else compgen -f -- "$cur"; fi
        )
      fi
      ;;
  esac
  # Readline replaces only what stands behind the last of these characters.
  if [[ $cur == *[:=]* ]]; then
    before=\${cur%"\${cur##*[:=]}"}
    for i in "\${!COMPREPLY[@]}"; do COMPREPLY[i]=\${COMPREPLY[i]#"$before"}; done
  fi
}
complete -F _hopbook hopbook
`,
  zsh: `#compdef hopbook
# zsh completion for hopbook: source <(hopbook completion zsh), behind compinit; or as a file _hopbook in $fpath
_hopbook() {
  local line also=:none
  local -a values shown
  while IFS= read -r line; do
    case $line in
      :*) also=$line ;;
      *)
        values+=("\${line%%$'\\t'*}")
        if [[ -n \${line#*$'\\t'} ]]; then
          shown+=("\${line%%$'\\t'*}  -- \${line#*$'\\t'}")
        else
          shown+=("\${line%%$'\\t'*}")
        fi
        ;;
    esac
  done < <(command hopbook __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#values} )); then
    if [[ $also == :nospace ]]; then
      compadd -S '' -l -d shown -- "\${values[@]}"
    else
      compadd -l -d shown -- "\${values[@]}"
    fi
  fi
  case $also in
    :files) _files ;;
    :dirs) _files -/ ;;
  esac
}
if [[ \${funcstack[1]-} == _hopbook ]]; then
  _hopbook "$@"
else
  compdef _hopbook hopbook
fi
`,
  fish: `# fish completion for hopbook: hopbook completion fish | source
function __hopbook_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l also :none
    for line in (command hopbook __complete $words[2..-1] 2>/dev/null)
        if string match -q -- ':*' $line
            set also $line
        else
            printf '%s\\n' $line
        end
    end
    switch $also
        case :files
            __fish_complete_path (commandline -ct)
        case :dirs
            __fish_complete_directories (commandline -ct)
    end
end
complete -c hopbook -f -a '(__hopbook_complete)'
`,
} as const;

export type Shell = keyof typeof COMPLETION_SCRIPTS;
