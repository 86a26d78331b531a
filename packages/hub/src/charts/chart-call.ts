import type { Call, HubParts } from '../api/call.ts';
import type { Caller } from '../api/gate.ts';
import type { HubRequest, HubResponse } from '../api/message.ts';
import type { ChartIndexes } from './chart-index.ts';
import type { ChartRoute } from './routes.ts';

/** Does what the distribution API does for a known caller; throws what it refuses. */
export type Run = (call: Omit<Call, 'parts'>) => Promise<HubResponse>;

/** A request for charts that its caller may make. */
export interface ChartCall extends ChartRoute {
  readonly parts: HubParts;
  readonly request: HubRequest;
  readonly query: URLSearchParams;
  readonly caller: Caller;
  readonly indexes: ChartIndexes;
  readonly run: Run;
}
