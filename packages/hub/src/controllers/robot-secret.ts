import type { KubeObject, k8s } from '@sampan/api';
import { isObject } from '@sampan/base';
import { controllerReference } from '@sampan/machinery';
import { type RobotAccountObject, robotLogin } from '../kinds/robot-account.ts';

/** On the Secrets of robots: the robot's name. */
export const ROBOT_LABEL = 'hub.sampan.dev/robot';

export type RobotSecret = KubeObject & k8s.Secret;

/** Docker's login file, as `imagePullSecrets` want it. */
export const DOCKER_CONFIG = '.dockerconfigjson';
const DOCKER_CONFIG_TYPE = 'kubernetes.io/dockerconfigjson';

/** The Secret of a robot that names a place for it. `hosts`: by which the registry is called. */
export function robotSecretOf(
  robot: RobotAccountObject,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  secret: string,
  hosts: readonly string[],
): RobotSecret {
  const label = robot.metadata.name ?? '';
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      namespace,
      name,
      labels: { [ROBOT_LABEL]: label },
      // the garbage collector deletes it with the robot
      ownerReferences: [controllerReference(robot)],
    },
    type: DOCKER_CONFIG_TYPE,
    data: { [DOCKER_CONFIG]: dockerConfig(robotLogin(label), secret, hosts) },
  };
}

/** Base64 of a login file with this login for all hosts. */
export function dockerConfig(username: string, password: string, hosts: readonly string[]): string {
  const login = { username, password, auth: Buffer.from(`${username}:${password}`).toString('base64') };
  const auths = Object.fromEntries(hosts.map((host) => [host, login]));
  return Buffer.from(JSON.stringify({ auths })).toString('base64');
}

/** Whether the Secret was made for this very robot. */
export const isSecretOf = ({ metadata }: RobotSecret, robot: RobotAccountObject): boolean =>
  metadata.labels?.[ROBOT_LABEL] === robot.metadata.name &&
  (metadata.ownerReferences?.some(({ uid }) => uid === robot.metadata.uid) ?? false);

/** The password in the login file of a robot's Secret; undefined: it holds none (any more). */
export function passwordIn({ data }: RobotSecret): string | undefined {
  const text = Buffer.from(data?.[DOCKER_CONFIG] ?? '', 'base64').toString('utf8');
  try {
    const config: unknown = JSON.parse(text);
    const auths = isObject(config) && isObject(config.auths) ? Object.values(config.auths) : [];
    const [login] = auths.filter(isObject);
    return typeof login?.password === 'string' && login.password.length > 0 ? login.password : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
