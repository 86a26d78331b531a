import { type Logger, messageOf } from '@sampan/base';
import type { HubParts } from '../api/call.ts';
import type { Caller } from '../api/gate.ts';
import { type HubRequest, type HubResponse, json } from '../api/message.ts';
import { RegistryError } from '../errors/registry-error.ts';
import { grant } from '../projects/directory.ts';
import { authenticate } from '../tokens/authenticate.ts';
import type { ChartCall, Run } from './chart-call.ts';
import { ChartError } from './chart-error.ts';
import { ChartIndexes } from './chart-index.ts';
import { download, index, list } from './read-charts.ts';
import { type ChartOperation, type ChartRoute, matchChartRoute } from './routes.ts';
import { remove, upload, uploadProvenance } from './write-charts.ts';

const HANDLERS: Readonly<Record<ChartOperation, (call: ChartCall) => Promise<HubResponse>>> = {
  index,
  download,
  list,
  upload,
  uploadProvenance,
  delete: remove,
};

/** Beside the operations of the distribution API. */
const METRIC_NAMES: Readonly<Record<ChartOperation, string>> = {
  index: 'getChartIndex',
  download: 'getChart',
  list: 'listCharts',
  upload: 'putChart',
  uploadProvenance: 'putChartProvenance',
  delete: 'deleteChart',
};

interface ChartsOptions {
  readonly parts: HubParts;
  readonly run: Run;
  readonly logger: Logger;
}

/**
 * Helm charts for clients that know no registries: a classic repository of each project, made of the charts in its
 * repositories. Callers come with Basic credentials or a client certificate; public projects are open to all.
 */
export class Charts {
  readonly #options: ChartsOptions;
  readonly #indexes: ChartIndexes;

  constructor(options: ChartsOptions) {
    this.#options = options;
    this.#indexes = new ChartIndexes(options.parts.records.read);
  }

  /** undefined: the path is none of charts. Never throws. */
  handle(request: HubRequest): Promise<HubResponse> | undefined {
    const [path = '', query = ''] = request.url.split('?', 2);
    const route = matchChartRoute(request.method, path);
    if (!route) return undefined;
    const answer = this.#answer(request, route, new URLSearchParams(query));
    const operation = 'operation' in route ? METRIC_NAMES[route.operation] : 'other';
    return answer
      .catch((thrown) => this.#failure(request, thrown))
      .then((response) => ({ ...response, operation }));
  }

  async #answer(
    request: HubRequest,
    route: ChartRoute | { readonly allow: string },
    query: URLSearchParams,
  ): Promise<HubResponse> {
    if ('allow' in route) throw new ChartError(405, 'no such method', undefined, { allow: route.allow });
    const { parts, run } = this.#options;
    const caller = await this.#admit(request, route);
    return HANDLERS[route.operation]({
      ...route,
      parts,
      run,
      request,
      query,
      caller,
      indexes: this.#indexes,
    });
  }

  async #admit(request: HubRequest, { action, project }: ChartRoute): Promise<Caller> {
    const { directory } = this.#options.parts;
    const found = await authenticate(directory, request);
    const account = typeof found === 'string' ? undefined : found;
    const may = (action: string, name: string) =>
      grant(directory, account, { type: 'repository', name, actions: [action] }).actions.length > 0;
    if (found !== 'refused' && may(action, `${project}/charts`)) return { name: account?.name ?? '', may };
    if (account?.administrator && !directory.project(project)) {
      throw new ChartError(
        404,
        `there is no project ${project}; make it: sampan hub project create ${project}`,
      );
    }
    if (account) throw new ChartError(403, `you may not ${action} charts of ${project}`);
    const headers = { 'www-authenticate': 'Basic realm="Sampan Hub", charset="UTF-8"' };
    const message = found === 'refused' ? 'the credentials are wrong' : 'credentials are needed';
    throw new ChartError(401, message, undefined, headers);
  }

  #failure({ method, url }: HubRequest, thrown: unknown): HubResponse {
    if (thrown instanceof ChartError) return json(thrown.status, { error: thrown.message }, thrown.headers);
    if (thrown instanceof RegistryError) {
      return json(thrown.status, { error: thrown.detail ?? thrown.message }, thrown.headers);
    }
    this.#options.logger.error('a request for charts failed', { method, url, error: messageOf(thrown) });
    return json(500, { error: 'unknown error' });
  }
}
