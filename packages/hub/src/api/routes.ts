import { RegistryError } from '../errors/registry-error.ts';
import { checkRepositoryName } from '../names/names.ts';

/** What a caller must be granted on the repository; `catalog` is of the registry as a whole. */
export type Action = 'pull' | 'push' | 'delete' | 'catalog' | 'any';

export type Operation =
  | 'base'
  | 'listRepositories'
  | 'getBlob'
  | 'deleteBlob'
  | 'startUpload'
  | 'getUpload'
  | 'appendUpload'
  | 'finishUpload'
  | 'cancelUpload'
  | 'getManifest'
  | 'putManifest'
  | 'deleteManifest'
  | 'listTags'
  | 'listReferrers';

interface Route {
  /** What follows the repository's name; `*` stands for one segment, given to the operation as `reference`. */
  readonly suffix: readonly string[];
  readonly methods: Readonly<Record<string, readonly [Operation, Action]>>;
}

/** A HEAD is a GET of which only the headers are sent. */
const reads = (operation: Operation) =>
  ({ GET: [operation, 'pull'], HEAD: [operation, 'pull'] }) as const satisfies Route['methods'];

/** Distribution specification 1.1, "Endpoints". A name is greedy: the suffix is matched at the path's end. */
const ROUTES: readonly Route[] = [
  { suffix: ['blobs', '*'], methods: { ...reads('getBlob'), DELETE: ['deleteBlob', 'delete'] } },
  { suffix: ['blobs', 'uploads', ''], methods: { POST: ['startUpload', 'push'] } },
  {
    suffix: ['blobs', 'uploads', '*'],
    methods: {
      GET: ['getUpload', 'push'],
      HEAD: ['getUpload', 'push'],
      PATCH: ['appendUpload', 'push'],
      PUT: ['finishUpload', 'push'],
      DELETE: ['cancelUpload', 'push'],
    },
  },
  {
    suffix: ['manifests', '*'],
    methods: {
      ...reads('getManifest'),
      PUT: ['putManifest', 'push'],
      DELETE: ['deleteManifest', 'delete'],
    },
  },
  { suffix: ['tags', 'list'], methods: reads('listTags') },
  { suffix: ['referrers', '*'], methods: reads('listReferrers') },
];

const ROOT_ROUTES: Readonly<Record<string, Route['methods']>> = {
  '': { GET: ['base', 'any'], HEAD: ['base', 'any'] },
  _catalog: { GET: ['listRepositories', 'catalog'], HEAD: ['listRepositories', 'catalog'] },
};

export interface Matched {
  readonly operation: Operation;
  readonly action: Action;
  /** Empty for routes of the registry as a whole. */
  readonly repository: string;
  /** The digest, tag or upload named last in the path; empty where none is. */
  readonly reference: string;
}

/**
 * The operation that a method and a path (without query) name.
 * @throws RegistryError NAME_INVALID; UNSUPPORTED (404 for an unknown path, 405 with `Allow` for a method)
 */
export function matchRoute(method: string, path: string): Matched {
  const segments = segmentsOf(path);
  const [only] = segments;
  if (segments.length <= 1 && only !== undefined && Object.hasOwn(ROOT_ROUTES, only)) {
    return { ...choose(ROOT_ROUTES[only] ?? {}, method), repository: '', reference: '' };
  }
  const route = ROUTES.find(({ suffix }) => endsWith(segments, suffix));
  if (!route) throw new RegistryError('UNSUPPORTED', 'no such path', { status: 404 });
  const repository = checkRepositoryName(segments.slice(0, segments.length - route.suffix.length).join('/'));
  const reference = route.suffix.at(-1) === '*' ? (segments.at(-1) ?? '') : '';
  return { ...choose(route.methods, method), repository, reference };
}

function segmentsOf(path: string): string[] {
  if (path === '/v2') return [''];
  if (!path.startsWith('/v2/')) throw new RegistryError('UNSUPPORTED', 'no such path', { status: 404 });
  try {
    return path.slice('/v2/'.length).split('/').map(decodeURIComponent);
  } catch (cause) {
    throw new RegistryError('NAME_INVALID', 'the path is not well encoded', { cause });
  }
}

function endsWith(segments: readonly string[], suffix: readonly string[]): boolean {
  const start = segments.length - suffix.length;
  // a name has at least one segment
  return start >= 1 && suffix.every((part, index) => matches(part, segments[start + index] ?? ''));
}

const matches = (part: string, segment: string): boolean =>
  part === '*' ? segment !== '' : part === segment;

function choose(methods: Route['methods'], method: string): Pick<Matched, 'operation' | 'action'> {
  const found = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (!found) {
    throw new RegistryError('UNSUPPORTED', undefined, {
      headers: { allow: Object.keys(methods).join(', ') },
    });
  }
  return { operation: found[0], action: found[1] };
}
