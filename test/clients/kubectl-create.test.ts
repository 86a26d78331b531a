import { describe, expect, it } from 'vitest';
import { useKubectl } from './setup.ts';

/** Each kind that `kubectl create` makes from its flags. Its typed clients send protobuf. */
const MADE: readonly (readonly [command: string, answer: string])[] = [
  ['configmap made --from-literal=a=b', 'configmap/made created'],
  ['secret generic made --from-literal=a=b', 'secret/made created'],
  [
    'secret docker-registry pull --docker-server=r --docker-username=u --docker-password=p',
    'secret/pull created',
  ],
  ['deployment made --image=nginx --replicas=3 --port=80', 'deployment.apps/made created'],
  ['job made --image=busybox', 'job.batch/made created'],
  ['ingress made --rule=a.example/x=made:80', 'ingress.networking.k8s.io/made created'],
  [
    'poddisruptionbudget made --selector=app=made --min-available=50%',
    'poddisruptionbudget.policy/made created',
  ],
  ['quota made --hard=pods=50,requests.cpu=4', 'resourcequota/made created'],
  ['role made --verb=get --resource=pods,deployments.apps', 'role.rbac.authorization.k8s.io/made created'],
  ['rolebinding made --role=made --user=ann', 'rolebinding.rbac.authorization.k8s.io/made created'],
  [
    'clusterrole made --verb=get --non-resource-url=/made',
    'clusterrole.rbac.authorization.k8s.io/made created',
  ],
  [
    'clusterrolebinding made --clusterrole=made --group=crew',
    'clusterrolebinding.rbac.authorization.k8s.io/made created',
  ],
  ['serviceaccount made', 'serviceaccount/made created'],
  ['service clusterip inner --tcp=80:8080', 'service/inner created'],
  ['service nodeport outer --tcp=80', 'service/outer created'],
  ['service loadbalancer balanced --tcp=80', 'service/balanced created'],
  ['service externalname elsewhere --external-name=example.org', 'service/elsewhere created'],
  ['priorityclass made --value=10', 'priorityclass.scheduling.k8s.io/made created'],
  ['namespace made', 'namespace/made created'],
];

describe('kubectl create', () => {
  const setup = useKubectl();

  it.each(MADE)('%s', async (command, answer) => {
    const { kubectl } = setup;
    expect(await kubectl.run(`create ${command} --dry-run=server`)).toBe(`${answer} (server dry run)`);
    expect(await kubectl.run(`create ${command} --validate=strict`)).toBe(answer);
    expect(await kubectl.fail(`create ${command}`)).toMatch(/already exists/);
  });

  it('makes CronJobs, and Jobs from them', async () => {
    const { kubectl } = setup;
    const schedule = '--schedule=0 0 1 1 *';
    await kubectl.run(['create', 'cronjob', 'tick', '--image=busybox', schedule, '--', 'date']);
    await kubectl.run('create job tock --from=cronjob/tick');
    expect(await kubectl.run('get job tock -o jsonpath={.spec.template.spec.containers[0].command}')).toBe(
      '["date"]',
    );
    expect(await kubectl.run('get cronjobs')).toMatch(/tick +0 0 1 1 \* +<none> +False +0 +<none>/);
  });

  it('gives Services addresses and ports of their own', async () => {
    const { kubectl } = setup;
    const table = await kubectl.run('get services');
    expect(table).toMatch(/inner +ClusterIP +10\.\d+\.\d+\.\d+ +<none> +80\/TCP/);
    expect(table).toMatch(/outer +NodePort +10\.\d+\.\d+\.\d+ +<none> +80:3\d{4}\/TCP/);
    expect(table).toMatch(/balanced +LoadBalancer +10\.\d+\.\d+\.\d+ +<pending> +80:3\d{4}\/TCP/);
    expect(table).toMatch(/elsewhere +ExternalName +<none> +example\.org +<none>/);
    expect(table).toMatch(/kubernetes +ClusterIP +10\.96\.0\.1 +<none> +443\/TCP/);
  });

  it('warns of what it does not know, and refuses it when asked to be strict', async () => {
    const { kubectl } = setup;
    const file = kubectl.file('odd.yaml', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'odd' },
      colour: 'red',
    });
    const strict = await kubectl.fail(['create', '-f', file]);
    expect(strict).toContain('strict decoding error: unknown field "colour"');
    const warned = await kubectl.try(['create', '--validate=warn', '-f', file]);
    expect(warned).toMatchObject({ code: 0, err: 'Warning: unknown field "colour"\n' });
  });

  it('says each thing that is wrong with an object', async () => {
    const { kubectl } = setup;
    const file = kubectl.file('wrong.yaml', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'wrong' },
      spec: {
        restartPolicy: 'Maybe',
        containers: [{ name: 'C', image: 'x', ports: [{ containerPort: 70000 }] }],
      },
    });
    const error = await kubectl.fail(['create', '-f', file]);
    expect(error).toContain('The Pod "wrong" is invalid:');
    expect(error).toContain('* spec.restartPolicy: Unsupported value: "Maybe"');
    expect(error).toContain('* spec.containers[0].name: Invalid value: "C"');
    expect(error).toContain('* spec.containers[0].ports[0].containerPort: Invalid value: 70000');
  });
});
