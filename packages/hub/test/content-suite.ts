import type { KubeObject } from '@sampan/api';
import { systemClock } from '@sampan/base';
import { digestOf } from '@sampan/blobs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answerContent } from '../src/content/answer.ts';
import { ContentChanges } from '../src/content/changes.ts';
import { CONTENT_DEFINITIONS } from '../src/content/definitions.ts';
import { OCI_INDEX } from '../src/manifests/media-types.ts';
import { addDeliveries } from '../src/webhooks/delivery-records.ts';
import { OCI_MANIFEST, type OpenRecords, TestHub } from './support.ts';

/** What a Kubernetes API is told of the registry's content, over either database. */
export function contentSuite(openRecords?: OpenRecords): void {
  describe('content', () => {
    let hub: TestHub;
    let digest: string;
    let index: string;
    const bytes = 2 + 'layer'.length;

    beforeAll(async () => {
      hub = await TestHub.start(undefined, [], { openRecords });
      const app = await hub.client('open/team/app');
      const image = await app.image();
      const body = JSON.stringify(image);
      digest = digestOf(Buffer.from(body));
      await app.putManifest('v1', image);
      await app.putManifest('v10', image);
      const manifests = [{ mediaType: OCI_MANIFEST, digest, size: body.length }];
      const list = { schemaVersion: 2, mediaType: OCI_INDEX, manifests };
      index = digestOf(Buffer.from(JSON.stringify(list)));
      await app.putManifest('all', list, OCI_INDEX);
      const other = await hub.client('closed/app');
      const signature = {
        ...(await other.image('signature')),
        artifactType: 'application/vnd.example.signature',
        subject: { mediaType: OCI_MANIFEST, digest, size: body.length },
        annotations: { by: 'me' },
      };
      await other.putManifest('sig', signature);
      // a repository of which nothing is left
      const empty = await hub.client('open/empty');
      await empty.putManifest('gone', await empty.image());
      await empty.send('DELETE', `manifests/${digest}`);
    });
    afterAll(() => hub[Symbol.asyncDispose]());

    const changes = new ContentChanges(systemClock);
    const ask = async (path: string): Promise<{ status: number; body: unknown }> => {
      const { status, body } = await answerContent(hub.records.read, path, changes);
      return { status, body: JSON.parse(String(body)) };
    };
    const list = async (path: string): Promise<KubeObject[]> =>
      ((await ask(`/resources/${path}`)).body as { items: KubeObject[] }).items;
    const names = async (path: string) => (await list(path)).map(({ metadata }) => metadata.name);

    test('repositories that hold something are listed with what they hold', async () => {
      expect(await names('repositories')).toEqual(['closed:app', 'open:team:app']);
      const [app] = await list('repositories?spec.project=open');
      expect(app).toMatchObject({
        apiVersion: 'content.hub.sampan.dev/v1',
        kind: 'Repository',
        metadata: { name: 'open:team:app', labels: { 'hub.sampan.dev/project': 'open' } },
        spec: { project: 'open', repository: 'open/team/app' },
        status: { tags: 3, manifests: 2, pushed: expect.stringMatching(/Z$/) },
      });
      const { manifests } = { manifests: await list('manifests?spec.repository=open/team/app') };
      const stored = manifests.reduce((sum, { spec }) => sum + (spec as { size: number }).size, bytes);
      expect(app?.status).toMatchObject({ bytes: stored });
    });

    test('tags are listed with what they name, and selected by fields', async () => {
      expect(await names('tags')).toEqual([
        'closed:app:sig',
        'open:team:app:all',
        'open:team:app:v1',
        'open:team:app:v10',
      ]);
      expect(await names('tags?spec.tag=v1')).toEqual(['open:team:app:v1']);
      expect(await names(`tags?spec.digest=${index}`)).toEqual(['open:team:app:all']);
      expect(await names('tags?spec.project=closed&spec.repository=open/team/app')).toEqual([]);
      const [v1] = await list('tags?metadata.name=open:team:app:v1');
      expect(v1?.spec).toMatchObject({ project: 'open', repository: 'open/team/app', tag: 'v1', digest });
      expect(v1?.spec.contentBytes).toBe(v1?.spec.size + bytes);
      const [all] = await list('tags?spec.tag=all');
      expect(all?.spec.contentBytes).toBe(all?.spec.size + bytes);
    });

    test('manifests are listed with their tags and what they are about', async () => {
      expect(await names('manifests')).toHaveLength(3);
      const [signature] = await list(`manifests?spec.subject=${digest}`);
      expect(signature?.spec).toMatchObject({
        artifactType: 'application/vnd.example.signature',
        subject: digest,
        annotations: { by: 'me' },
        tags: ['sig'],
      });
      const [image] = await list(`manifests?spec.digest=${digest}`);
      expect(image).toMatchObject({
        metadata: { name: `open:team:app@${digest}` },
        spec: { tags: ['v1', 'v10'] },
      });
    });

    test('what takes more than one step is whole and in order', async () => {
      const many = Array.from({ length: 230 }, (_, number) => `t${String(number).padStart(3, '0')}`);
      const id = await hub.records.write(async (to) => {
        const created = { name: 'many/app', project: 'many', created: 1 };
        const { id: repository } = await to
          .insertInto('repositories')
          .values(created)
          .returning('id')
          .executeTakeFirstOrThrow();
        for (const name of many) {
          const digest = digestOf(Buffer.from(name));
          const rest = { artifact_type: null, subject: null, annotations: '{}', pulled: null };
          const manifest = { ...rest, media_type: OCI_MANIFEST, size: 1, body: Buffer.from('x'), pushed: 1 };
          await to
            .insertInto('manifests')
            .values({ ...manifest, repository, digest })
            .execute();
          await to.insertInto('tags').values({ repository, name, digest, updated: 1 }).execute();
        }
        return repository;
      });
      expect(await names('tags?spec.project=many')).toEqual(many.map((tag) => `many:app:${tag}`));
      const manifests = await list('manifests?spec.project=many');
      expect(manifests.flatMap(({ spec }) => spec.tags).sort()).toEqual(many);
      const [repository] = await list('repositories?metadata.name=many:app');
      expect(repository?.status).toMatchObject({ tags: 230, manifests: 230, bytes: 230 });
      await hub.records.write(async (to) => {
        await to.deleteFrom('tags').where('repository', '=', id).execute();
        await to.deleteFrom('manifests').where('repository', '=', id).execute();
      });
    });

    test('deliveries are listed, the newest first', async () => {
      const event = {
        type: 'push' as const,
        project: 'open',
        repository: 'open/team/app',
        tag: 'v1',
        digest,
        mediaType: OCI_MANIFEST,
        size: 1,
        actor: 'dev',
        address: '',
        userAgent: '',
      };
      const webhook = 'open.hook';
      await hub.records.write((to) =>
        addDeliveries(
          to,
          [1, 2].map((time) => ({ id: `d${time}`, webhook, event: { ...event, id: `e${time}`, time } })),
          5,
        ),
      );
      expect(await names(`deliveries?spec.webhook=${webhook}`)).toEqual(['d2', 'd1']);
      expect(await names('deliveries?status.state=failed')).toEqual([]);
      expect((await ask('/resources/deliveries/d1')).body).toMatchObject({
        metadata: { labels: { 'hub.sampan.dev/webhook': webhook } },
        spec: { webhook, type: 'push', event: { repository: 'open/team/app', actor: 'dev' } },
        status: { state: 'pending', attempts: 0, ok: false },
      });
    });

    test.each(['repositories', 'tags', 'manifests'])(
      'each of the %s is found by its name',
      async (resource) => {
        for (const object of await list(resource)) {
          const { name = '' } = object.metadata;
          const found = await ask(`/resources/${resource}/${encodeURIComponent(name)}`);
          expect(found).toEqual({ status: 200, body: object });
        }
      },
    );

    test.each([
      '/resources/tags/nothing',
      '/resources/tags/open:team:app:v9',
      '/resources/tags/:',
      '/resources/repositories/open:empty',
      '/resources/manifests/open:team:app',
      '/resources/manifests/@',
      '/resources/deliveries/none',
      '/resources/secrets',
      '/resources/constructor',
      '/resources/',
      '/resources/tags/a/b',
    ])('there is no %s', async (path) => {
      expect((await ask(path)).status).toBe(404);
    });

    test('tables say what people look for', async () => {
      const now = Date.now() + 3_600_000;
      const rows: Record<string, unknown[]> = {};
      for (const { resource, rules } of CONTENT_DEFINITIONS.slice(0, 3)) {
        const [first] = await list(`${resource}?spec.project=open`);
        const shown = rules.columns?.filter(({ priority = 0 }) => priority === 0) ?? [];
        rows[resource] = shown.map(({ cell }) => first && cell(first, now));
      }
      expect(rows).toEqual({
        repositories: ['open:team:app', '3', expect.stringMatching(/^\d+B$/), '60m'],
        tags: ['open:team:app:all', index.slice(0, 19), expect.stringMatching(/^\d+B$/), '60m'],
        manifests: [
          expect.stringContaining('open:team:app@sha256:'),
          expect.any(String),
          expect.stringMatching(/^\d+B$/),
          '60m',
        ],
      });
    });
  });
}
