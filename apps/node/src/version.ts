import manifest from '../package.json' with { type: 'json' };

/** What the node tells as its kubelet's version: the Kubernetes release whose behaviour it follows. */
export const NODE_VERSION: string = `v1.36.0+sampan.${manifest.version}`;
export const SAMPAN_VERSION: string = manifest.version;
