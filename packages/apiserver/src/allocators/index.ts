/** What Services get from the cluster: addresses and node ports. Start with `service-allocators.ts`. */
export { DEFAULT_NODE_PORT_RANGE, NodePortAllocator } from './node-port.ts';
export { AllocationError } from './number-pool.ts';
export { ServiceAllocators, type ServiceAllocatorsOptions } from './service-allocators.ts';
export { DEFAULT_SERVICE_RANGE, ServiceIpAllocator } from './service-ip.ts';
export type { Allocation } from './transaction.ts';
