import type { KubeObject, k8s } from '@sampan/api';
import { deepEqual } from '@sampan/base';
import type { IsFleeting } from '@sampan/store';

const NODE_LEASES = 'leases.coordination.k8s.io/kube-node-lease/';
const NODES = 'nodes/';

/**
 * That a node lives is told again within seconds (KEP-589): it is kept in memory alone, so that an idle cluster writes
 * nothing. After a restart nodes have as long to tell it as they always have.
 */
export const isHeartbeat: IsFleeting = ({ key, entry, previous }) => {
  if (key.startsWith(NODE_LEASES)) return true;
  if (!key.startsWith(NODES) || !entry || !previous) return false;
  return deepEqual(withoutBeat(entry.object<KubeObject>()), withoutBeat(previous.object<KubeObject>()));
};

/** All of a node but when it was told. */
function withoutBeat({ metadata, status, ...rest }: KubeObject): unknown {
  const { resourceVersion: _version, managedFields: _fields, ...kept } = metadata;
  const { conditions = [], ...told } = (status ?? {}) as k8s.NodeStatus;
  return {
    ...rest,
    metadata: kept,
    status: told,
    conditions: conditions.map(({ lastHeartbeatTime: _time, ...condition }) => condition),
  };
}
