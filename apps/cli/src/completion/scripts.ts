import { COMMANDS, GLOBAL_OPTIONS } from '../commands.ts';

/** Completion scripts, made from the command table. After `kubectl` the completion of kubectl goes on, if there. */
export const SHELLS: Readonly<Record<string, () => string>> = { bash, zsh, fish };

const firstWords = (): string[] => [...new Set(COMMANDS.map(({ name }) => name.split(' ')[0] ?? ''))];
const families = (): string[] => firstWords().filter((word) => secondWords(word).length > 0);

function secondWords(first: string): string[] {
  return COMMANDS.filter(({ name }) => name.startsWith(`${first} `)).map(({ name }) =>
    name.slice(first.length + 1),
  );
}

function optionsOf(name: string): string[] {
  const command = COMMANDS.find((candidate) => candidate.name === name);
  return Object.keys({ ...command?.options, ...GLOBAL_OPTIONS }).map((option) => `--${option}`);
}

function bash(): string {
  const cases = COMMANDS.filter(({ passThrough }) => !passThrough).map(
    ({ name }) => `    "${name}") words="${optionsOf(name).join(' ')}" ;;`,
  );
  return `# bash completion for sampan
_sampan() {
  local current="\${COMP_WORDS[COMP_CWORD]}" first="\${COMP_WORDS[1]}" name words=""
  if [ "$first" = kubectl ] && [ "$COMP_CWORD" -gt 1 ]; then
    if declare -F __start_kubectl >/dev/null; then
      COMP_WORDS=("\${COMP_WORDS[@]:1}") COMP_CWORD=$((COMP_CWORD - 1)) __start_kubectl
    fi
    return
  fi
  name="$first"
  case "$first" in
${families()
  .map((word) => `    ${word}) name="${word} \${COMP_WORDS[2]}" ;;`)
  .join('\n')}
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${firstWords().join(' ')}"
  elif [ "$COMP_CWORD" -eq 2 ]; then
    case "$first" in
${families()
  .map((word) => `    ${word}) words="${secondWords(word).join(' ')}" ;;`)
  .join('\n')}
    completion) words="${Object.keys(SHELLS).join(' ')}" ;;
    help) words="${firstWords().join(' ')}" ;;
    esac
  fi
  if [ -z "$words" ]; then
    case "$name" in
${cases.join('\n')}
    esac
  fi
  case "\${COMP_WORDS[COMP_CWORD-1]}" in
    --home) COMPREPLY=($(compgen -d -- "$current")); return ;;
    -o|--output) words="json yaml" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _sampan sampan ./sampan
`;
}

function zsh(): string {
  const rows = COMMANDS.map(({ name, summary }) => `    '${name.replace(' ', '\\ ')}:${quote(summary)}'`);
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
  case "$words[2]" in
${families()
  .map(
    (word) =>
      `    ${word}) if (( CURRENT == 3 )); then _values command ${secondWords(word).join(' ')}; return; fi ;;`,
  )
  .join('\n')}
    completion) _values shell ${Object.keys(SHELLS).join(' ')}; return ;;
  esac
  local name="$words[2]"
  case "$name" in
${families()
  .map((word) => `    ${word}) name="$words[2] $words[3]" ;;`)
  .join('\n')}
  esac
  case "$name" in
${cases.join('\n')}
  esac
}
compdef _sampan sampan
`;
}

function fish(): string {
  const first = firstWords().map((word) => {
    const summary = COMMANDS.find(({ name }) => name === word)?.summary ?? `${word} …`;
    return `complete -c sampan -n __fish_use_subcommand -f -a ${word} -d '${quote(summary)}'`;
  });
  const second = families().map(
    (word) =>
      `complete -c sampan -n '__fish_seen_subcommand_from ${word}' -f -a '${secondWords(word).join(' ')}'`,
  );
  const options = COMMANDS.filter(({ passThrough }) => !passThrough).flatMap(({ name, options: own }) =>
    Object.entries(own ?? {}).map(
      ([option, { help }]) =>
        `complete -c sampan -n '__fish_seen_subcommand_from ${name.split(' ').at(-1)}' -l ${option} -d '${quote(help)}'`,
    ),
  );
  const global = Object.entries(GLOBAL_OPTIONS).map(
    ([option, { help }]) => `complete -c sampan -l ${option} -d '${quote(help)}'`,
  );
  return `# fish completion for sampan
${[...first, ...second, ...options, ...global].join('\n')}
`;
}

const quote = (text: string): string => text.replaceAll("'", '’').replaceAll(':', '\\:');
