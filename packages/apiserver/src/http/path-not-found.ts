import { errors } from '@sampan/api';
import type { ResourceTable } from '../registry/resource-table.ts';
import type { Exchange } from './exchange.ts';
import { sendText } from './respond.ts';

/**
 * Answers a request on a resource that is not served. Upstream's API groups answer with a Status; what is in none
 * of them ends at its last handler, which knows no kinds (apiextensions-apiserver customresource_handler.go).
 */
export function pathNotFound(resources: ResourceTable, exchange: Exchange): void {
  if (resources.hasBuiltIn(exchange.info.group)) throw errors.pageNotFound();
  sendText(exchange, 404, '404 page not found\n');
}
