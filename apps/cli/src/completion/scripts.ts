import { families, nextWords } from '../command-words.ts';
import { COMMANDS, GLOBAL_OPTIONS } from '../commands.ts';

/** Completion scripts, made from the command table. After `kubectl` the completion of kubectl goes on, if there. */
export const SHELLS: Readonly<Record<string, () => string>> = { bash, zsh, fish };

function optionsOf(name: string): string[] {
  const command = COMMANDS.find((candidate) => candidate.name === name);
  return Object.keys({ ...command?.options, ...GLOBAL_OPTIONS }).map((option) => `--${option}`);
}

/** Options whose value is the name of a cluster. */
const CLUSTER_OPTIONS = ['cluster', 'clone', 'confirm'];

/** Commands whose arguments are names of clusters that are there. */
const clusterCommands = (): string[] =>
  COMMANDS.filter(({ name, args }) => name.startsWith('cluster ') && name !== 'cluster create' && args).map(
    ({ name }) => name,
  );

/** Prints the names of clusters; nothing when Sampan does not run. `program`: as the shell names it. */
const listClusters = (program: string): string =>
  `${program} cluster list -o name 2>/dev/null | sed 's,^cluster/,,'`;

function bash(): string {
  const leaves = COMMANDS.filter(({ passThrough }) => !passThrough).map(
    ({ name }) => `    "${name}") words="${optionsOf(name).join(' ')}" ;;`,
  );
  return `# bash completion for sampan
_sampan_clusters() {
  ${listClusters('"$COMP_WORDS"')}
}
_sampan() {
  local current="\${COMP_WORDS[COMP_CWORD]}" name="\${COMP_WORDS[1]}" words="" index
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
    ${clusterCommands()
      .map((name) => `"${name}"`)
      .join('|')}) [[ $current == -* ]] || words="$words $(_sampan_clusters)" ;;
  esac
  case "\${COMP_WORDS[COMP_CWORD-1]}" in
    ${CLUSTER_OPTIONS.map((option) => `--${option}`).join('|')}) words="$(_sampan_clusters)" ;;
    --home) COMPREPLY=($(compgen -d -- "$current")); return ;;
    -o|--output) words="json yaml" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _sampan sampan ./sampan
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
  local -a clusters
  case "$words[CURRENT-1]" in
    ${CLUSTER_OPTIONS.map((option) => `--${option}`).join('|')})
      clusters=(\${(f)"$(${listClusters('"$words[1]"')})"})
      compadd -- $clusters
      return ;;
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
    ${clusterCommands()
      .map((name) => `'${name}'`)
      .join('|')})
      clusters=(\${(f)"$(${listClusters('"$words[1]"')})"})
      compadd -- $clusters ;;
  esac
  case "$name" in
${cases.join('\n')}
  esac
}
compdef _sampan sampan
`;
}

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
  const names = `(${listClusters('sampan')})`;
  const clusters = [
    ...clusterCommands().map(
      (name) =>
        `complete -c sampan -n '__fish_seen_subcommand_from cluster; and __fish_seen_subcommand_from ${name.split(' ').at(-1)}' -f -a "${names}"`,
    ),
    ...CLUSTER_OPTIONS.map((option) => `complete -c sampan -l ${option} -x -a "${names}"`),
  ];
  return `# fish completion for sampan
${[...first, ...second, ...options, ...clusters, ...global].join('\n')}
`;
}

const quote = (text: string): string => text.replaceAll("'", '’').replaceAll(':', '\\:');
