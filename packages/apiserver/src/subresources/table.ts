import type { SubresourceHandler, SubresourceHandlers } from './contract.ts';
import { throughNode } from './node-proxy.ts';
import { wholeObjectSubresource } from './status.ts';
import { wholeObjectRules } from './whole-object-rules.ts';

/** Subresources beyond status, scale and `actions`, by `RESOURCE[.GROUP]/SUBRESOURCE`. */
export const subresources: SubresourceHandlers = new Map<string, SubresourceHandler>([
  ...[...wholeObjectRules].map(([path, rules]): [string, SubresourceHandler] => [
    path,
    wholeObjectSubresource(path.slice(path.indexOf('/') + 1), rules),
  ]),
  ['pods/log', throughNode('log')],
  ['pods/exec', throughNode('exec')],
  ['pods/attach', throughNode('attach')],
  ['pods/portforward', throughNode('portforward')],
  ['pods/proxy', throughNode('proxy')],
  ['services/proxy', throughNode('proxy')],
  ['nodes/proxy', throughNode('proxy')],
]);
