import { families, nextWords } from '../command-words.ts';
import { COMMANDS, GLOBAL_OPTIONS } from '../commands.ts';
import { listing, NAME_OPTIONS, NAMES, type Names } from './names.ts';

/** Completion scripts, made from the command table. After `kubectl` the completion of kubectl goes on, if there. */
export const SHELLS: Readonly<Record<string, () => string>> = { bash, zsh, fish };

function optionsOf(name: string): string[] {
  const command = COMMANDS.find((candidate) => candidate.name === name);
  return Object.keys({ ...command?.options, ...GLOBAL_OPTIONS }).map((option) => `--${option}`);
}

function bash(): string {
  const leaves = COMMANDS.filter(({ passThrough }) => !passThrough).map(
    ({ name }) => `    "${name}") words="${optionsOf(name).join(' ')}" ;;`,
  );
  return `# bash completion for sampan
_sampan_names() {
  case "$1" in
${NAMES.map((names) => `    "${names.list}") ${listing('"$COMP_WORDS"', names)} ;;`).join('\n')}
  esac
}
_sampan() {
  local current="\${COMP_WORDS[COMP_CWORD]}" name="\${COMP_WORDS[1]}" words="" list="" index
  if [ "$name" = kubectl ] && [ "$COMP_CWORD" -gt 1 ]; then
    if declare -F __start_kubectl >/dev/null; then
      COMP_WORDS=("\${COMP_WORDS[@]:1}") COMP_CWORD=$((COMP_CWORD - 1)) __start_kubectl
    fi
    return
  fi
  for ((index = 2; index < COMP_CWORD; index++)); do
    case "$name" in
    ${families()
      .map((family) => `"${family}"`)
      .join('|')}) name="$name \${COMP_WORDS[index]}" ;;
    esac
  done
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${nextWords('').join(' ')}"
  else
    case "$name" in
${families()
  .map((family) => `    "${family}") words="${nextWords(family).join(' ')}" ;;`)
  .join('\n')}
    completion) [ "$COMP_CWORD" -eq 2 ] && words="${Object.keys(SHELLS).join(' ')}" ;;
    help) [ "$COMP_CWORD" -eq 2 ] && words="${nextWords('').join(' ')}" ;;
    esac
  fi
  if [ -z "$words" ]; then
    case "$name" in
${leaves.join('\n')}
    esac
  fi
  case "$name" in
${NAMES.map(({ list, commands }) => `    ${commands.map((name) => `"${name}"`).join('|')}) list="${list}" ;;`).join('\n')}
  esac
  case "\${COMP_WORDS[COMP_CWORD-1]}" in
    --confirm) words="$(_sampan_names "$list")" ;;
${Object.entries(NAME_OPTIONS)
  .map(([option, { list }]) => `    --${option}) words="$(_sampan_names "${list}")" ;;`)
  .join('\n')}
    *) [ -z "$list" ] || [[ $current == -* ]] || words="$words $(_sampan_names "$list")" ;;
  esac
  case "\${COMP_WORDS[COMP_CWORD-1]}" in
    --home) COMPREPLY=($(compgen -d -- "$current")); return ;;
    -o|--output) words="json yaml" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _sampan sampan ./sampan
`;
}

function zsh(): string {
  const rows = COMMANDS.map(({ name, summary }) => `    '${name.replaceAll(' ', '\\ ')}:${quote(summary)}'`);
  const cases = COMMANDS.filter(({ passThrough }) => !passThrough).map(
    ({ name }) => `    '${name}') _values -w option ${optionsOf(name).join(' ')} ;;`,
  );
  return `#compdef sampan
_sampan() {
  local -a commands
  commands=(
${rows.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  if [[ $words[2] == kubectl ]]; then
    shift words
    (( CURRENT-- ))
    _normal
    return
  fi
  local -a found
  local before="$words[CURRENT-1]"
  case "$before" in
${Object.entries(NAME_OPTIONS)
  .map(([option, names]) => `    --${option}) found=(${zshNames(names)}); compadd -- $found; return ;;`)
  .join('\n')}
  esac
  if [[ $words[2] == completion ]]; then
    _values shell ${Object.keys(SHELLS).join(' ')}
    return
  fi
  local name="$words[2]" index
  for ((index = 3; index < CURRENT; index++)); do
    case "$name" in
    ${families()
      .map((family) => `'${family}'`)
      .join('|')}) name="$name $words[index]" ;;
    esac
  done
  case "$name" in
${families()
  .map((family) => `    '${family}') _values command ${nextWords(family).join(' ')}; return ;;`)
  .join('\n')}
  esac
  case "$name" in
${NAMES.map((names) => `    ${names.commands.map((name) => `'${name}'`).join('|')}) found=(${zshNames(names)}) ;;`).join('\n')}
  esac
  compadd -- $found
  [[ $before == --confirm ]] && return
  case "$name" in
${cases.join('\n')}
  esac
}
compdef _sampan sampan
`;
}

const zshNames = (names: Names): string => `\${(f)"$(${listing('"$words[1]"', names)})"}`;

function fish(): string {
  const first = nextWords('').map((word) => {
    const summary = COMMANDS.find(({ name }) => name === word)?.summary ?? `${word} …`;
    return `complete -c sampan -n __fish_use_subcommand -f -a ${word} -d '${quote(summary)}'`;
  });
  const second = families().map((family) => {
    const words = family.split(' ');
    const seen = words.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ');
    // behind the words of a longer name, or of one that is complete, none of these follow
    const next = nextWords(family).join(' ');
    return `complete -c sampan -n '${seen}; and not __fish_seen_subcommand_from ${next}' -f -a '${next}'`;
  });
  const options = COMMANDS.filter(({ passThrough }) => !passThrough).flatMap(({ name, options: own }) =>
    Object.entries(own ?? {}).map(
      ([option, { help }]) =>
        `complete -c sampan -n '__fish_seen_subcommand_from ${name.split(' ').at(-1)}' -l ${option} -d '${quote(help)}'`,
    ),
  );
  const global = Object.entries(GLOBAL_OPTIONS).map(
    ([option, { help }]) => `complete -c sampan -l ${option} -d '${quote(help)}'`,
  );
  const names = NAMES.flatMap((one) =>
    one.commands.map((name) => {
      const seen = name.split(' ').map((word) => `__fish_seen_subcommand_from ${word}`);
      return `complete -c sampan -n '${seen.join('; and ')}' -f -a "(${listing('sampan', one)})"`;
    }),
  );
  const values = Object.entries(NAME_OPTIONS).map(
    ([option, one]) => `complete -c sampan -l ${option} -x -a "(${listing('sampan', one)})"`,
  );
  return `# fish completion for sampan
${[...first, ...second, ...options, ...names, ...values, ...global].join('\n')}
`;
}

const quote = (text: string): string => text.replaceAll("'", '’').replaceAll(':', '\\:');
