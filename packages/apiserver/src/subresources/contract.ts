import type { ApiContext } from '../http/api-context.ts';
import type { Exchange } from '../http/exchange.ts';
import type { ServedResource } from '../registry/served-resource.ts';

/** Serves one subresource; the method has been checked against the definition's verbs. */
export type SubresourceHandler = (
  api: ApiContext,
  exchange: Exchange,
  resource: ServedResource,
) => void | Promise<void>;

/** By `RESOURCE[.GROUP]/SUBRESOURCE`; `status` and `scale` are generic and not in the table. */
export type SubresourceHandlers = ReadonlyMap<string, SubresourceHandler>;
