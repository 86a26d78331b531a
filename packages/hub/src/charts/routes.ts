/** What a request is about; `name` and `version` are empty where the path has none. */
export interface ChartRoute {
  readonly operation: ChartOperation;
  readonly action: 'pull' | 'push' | 'delete';
  readonly project: string;
  /** Of a chart, or the file that is asked for. */
  readonly name: string;
  readonly version: string;
}

export type ChartOperation = 'index' | 'download' | 'list' | 'upload' | 'uploadProvenance' | 'delete';

type Methods = Readonly<Record<string, readonly [ChartOperation, ChartRoute['action']]>>;

const reads = (operation: ChartOperation): Methods => ({
  GET: [operation, 'pull'],
  HEAD: [operation, 'pull'],
});

/** As projects are named. */
const P = '(?<project>[a-z0-9][a-z0-9-]*)';

/**
 * The classic repository (Helm, "The Chart Repository Guide") and the API that ChartMuseum's clients use
 * (https://chartmuseum.com/docs, "API"), of which `helm cm-push` makes the longer paths.
 */
const ROUTES: readonly (readonly [path: RegExp, methods: Methods])[] = [
  [new RegExp(`^/hub/charts/${P}/index\\.yaml$`), reads('index')],
  [new RegExp(`^/hub/charts/${P}/(?:charts/)?(?<name>[^/]+\\.tgz(?:\\.prov)?)$`), reads('download')],
  [
    new RegExp(`^/hub/api/charts/${P}(?:/charts)?$`),
    { POST: ['upload', 'push'], GET: ['list', 'pull'], HEAD: ['list', 'pull'] },
  ],
  [new RegExp(`^/hub/api/charts/${P}/prov$`), { POST: ['uploadProvenance', 'push'] }],
  [new RegExp(`^/hub/api/charts/${P}/charts/(?<name>[^/]+)$`), reads('list')],
  [
    new RegExp(`^/hub/api/charts/${P}(?:/charts)?/(?<name>[^/]+)/(?<version>[^/]+)$`),
    { ...reads('list'), DELETE: ['delete', 'delete'] },
  ],
];

/** undefined: no path of charts. `allow`: of charts, but not by this method. */
export function matchChartRoute(
  method: string,
  path: string,
): ChartRoute | { readonly allow: string } | undefined {
  for (const [pattern, methods] of ROUTES) {
    const found = pattern.exec(path)?.groups;
    if (!found) continue;
    const chosen = Object.hasOwn(methods, method) ? methods[method] : undefined;
    if (!chosen) return { allow: Object.keys(methods).join(', ') };
    const { project = '', name, version } = found;
    const parts = { project, name: decode(name), version: decode(version) };
    return { operation: chosen[0], action: chosen[1], ...parts };
  }
  return undefined;
}

/** What is not well encoded is no name of anything. */
function decode(segment = ''): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
