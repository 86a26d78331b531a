import {
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { messageOf, SampanError } from '@sampan/base';
import { isMissing, type kubeconfigObject } from '@sampan/home';
import { type Document, isMap, isSeq, parseDocument, type YAMLMap, YAMLSeq } from 'yaml';

type Kubeconfig = ReturnType<typeof kubeconfigObject>;
type Section = 'clusters' | 'users' | 'contexts';

export interface Merged {
  readonly file: string;
  /** A copy of the file as it was; undefined: there was none. */
  readonly backup: string | undefined;
  /** The context that was current before, when it is another one now. */
  readonly before: string | undefined;
}

/** The file that kubectl writes to, as client-go chooses it (clientcmd PathOptions.GetDefaultFilename). */
export function userKubeconfig(environment: NodeJS.ProcessEnv): string {
  const files = (environment.KUBECONFIG ?? '').split(':').filter((file) => file !== '');
  return files.find((file) => existsSync(file)) ?? files.at(-1) ?? join(homedir(), '.kube', 'config');
}

/**
 * Puts what a kubeconfig has into a file of the user's; entries of other names stay as they are, comments too. Throws
 * `kubeconfig-invalid`, `kubeconfig-taken` (an entry of that name is of another server), `kubeconfig-locked`; then the
 * file is as it was.
 */
export function mergeKubeconfig(
  file: string,
  added: Kubeconfig,
  { makesCurrent }: { makesCurrent: boolean },
): Merged {
  const path = realOf(file);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  return locked(path, () => {
    const old = readIfThere(path);
    const document = parse(path, old);
    checkNotTaken(document, added, path);
    for (const section of ['clusters', 'users', 'contexts'] as const)
      put(document, section, added[section][0]);
    const current: unknown = document.get('current-context');
    const context = added['current-context'];
    if (makesCurrent || !current) document.set('current-context', context);
    const backup = old === undefined ? undefined : copyOf(path);
    write(path, document.toString({ lineWidth: 0, indentSeq: false }));
    const before = makesCurrent && typeof current === 'string' && current !== '' && current !== context;
    return { file: path, backup, before: before ? current : undefined };
  });
}

/** kubectl edits what a link leads to. */
function realOf(file: string): string {
  try {
    return realpathSync(file);
  } catch (error) {
    if (isMissing(error)) return file;
    throw error;
  }
}

/** With the lock that kubectl takes (client-go clientcmd, lockFile). */
function locked<T>(path: string, task: () => T): T {
  const lock = `${path}.lock`;
  try {
    closeSync(openSync(lock, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new SampanError('kubeconfig-locked', `${path} is being changed by another program.`, {
      hint: `Try again. When no program does: rm ${lock}`,
    });
  }
  try {
    return task();
  } finally {
    rmSync(lock, { force: true });
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function parse(path: string, text: string | undefined): Document {
  const document = parseDocument(text?.trim() ? text : 'apiVersion: v1\nkind: Config\npreferences: {}\n');
  const isSound = document.errors.length === 0 && isMap(document.contents);
  const sections = (['clusters', 'users', 'contexts'] as const).map((section) => document.get(section));
  if (isSound && sections.every((section) => !section || isSeq(section))) return document as Document;
  const why = document.errors[0] ? messageOf(document.errors[0]).split('\n')[0] : 'it has another form';
  throw new SampanError('kubeconfig-invalid', `${path} is no kubeconfig: ${why}.`, {
    hint: 'Nothing was changed. Mend the file, or name another by KUBECONFIG.',
  });
}

function entriesOf(document: Document, section: Section): YAMLSeq {
  const found = document.get(section);
  if (isSeq(found)) return found;
  const made = new YAMLSeq();
  document.set(section, made);
  return made;
}

const entryOf = (document: Document, section: Section, name: string): YAMLMap | undefined =>
  entriesOf(document, section).items.find(
    (item): item is YAMLMap => isMap(item) && item.get('name') === name,
  );

/** An entry of the same name is replaced only when it is for the same server, or at least of the same authority. */
function checkNotTaken(document: Document, added: Kubeconfig, path: string): void {
  const [cluster] = added.clusters;
  const [context] = added.contexts;
  if (!cluster || !context) return;
  const present = entryOf(document, 'clusters', cluster.name)?.getIn([
    'cluster',
    'certificate-authority-data',
  ]);
  const leadsTo = entryOf(document, 'contexts', context.name)?.getIn(['context', 'cluster']);
  const isOther =
    (present !== undefined && present !== cluster.cluster['certificate-authority-data']) ||
    (leadsTo !== undefined && leadsTo !== cluster.name) ||
    (present === undefined && entryOf(document, 'clusters', cluster.name) !== undefined);
  if (!isOther) return;
  throw new SampanError('kubeconfig-taken', `${path} has another cluster called ${cluster.name}.`, {
    hint: 'Nothing was changed. Choose another name: --context NAME',
  });
}

function put(document: Document, section: Section, entry: { readonly name: string } | undefined): void {
  if (!entry) return;
  const entries = entriesOf(document, section);
  const index = entries.items.findIndex((item) => isMap(item) && item.get('name') === entry.name);
  const node = document.createNode(entry);
  if (index < 0) entries.add(node);
  else entries.items[index] = node;
}

/** Beside the file; never in place of an earlier one. */
function copyOf(path: string): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
  for (let number = 1; ; number++) {
    const copy = `${path}.${time}${number === 1 ? '' : `-${number}`}.bak`;
    if (existsSync(copy)) continue;
    copyFileSync(path, copy);
    chmodSync(copy, 0o600);
    return copy;
  }
}

/** Either the old content is there or the new one; owner and mode stay. */
function write(path: string, content: string): void {
  const partial = `${path}.${process.pid}.partial`;
  const old = statSync(path, { throwIfNoEntry: false });
  try {
    writeFileSync(partial, content, { mode: 0o600, flag: 'wx', flush: true });
    if (old && process.getuid?.() === 0) chownSync(partial, old.uid, old.gid);
    if (old) chmodSync(partial, old.mode & 0o700);
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}
