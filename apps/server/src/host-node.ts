import { keepNodeObjects, metricsResources, NodeAgent } from '@sampan/apiserver';
import type { Logger } from '@sampan/base';
import type { HomeLayout } from '@sampan/home';
import type { ControlPlaneHandle } from '@sampan/machinery';

/** Serves what this machine's node measures, and makes what belongs to it; the returned function ends that. */
export function followHostNode(plane: ControlPlaneHandle, home: HomeLayout, log: Logger): () => void {
  const agent = new NodeAgent(home.node.socket);
  const endings = metricsResources(agent, plane.reader).map((resource) => plane.provide(resource));
  endings.push(keepNodeObjects(plane, log));
  return () => {
    for (const end of endings) end();
  };
}
