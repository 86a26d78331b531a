import { digestOf } from '@sampan/blobs';
import { CompiledQuery, type KyselyPlugin, SqliteQueryCompiler } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chartRevision } from '../src/charts/chart-records.ts';
import { manifestObjects } from '../src/content/manifests.ts';
import { tagByName, tagObjects } from '../src/content/tags.ts';
import { blobSizes, findBlob, isReferenced } from '../src/metadata/blobs.ts';
import { scanBlobs, scanLinks } from '../src/metadata/garbage.ts';
import { findManifest, listReferrers, manifestSizes } from '../src/metadata/manifests.ts';
import { ensureRepository, listRepositories, type Reader } from '../src/metadata/repositories.ts';
import { listTags, tagsOf } from '../src/metadata/tags.ts';
import { hasUploads } from '../src/metadata/uploads.ts';
import { candidateTags, repositoriesOf, untaggedManifests } from '../src/retention/candidates.ts';
import { hasContent } from '../src/rules/usage.ts';
import { dueDeliveries, nextDue, summarize } from '../src/webhooks/delivery-records.ts';
import { TestHub } from './support.ts';

let hub: TestHub;
const asked: CompiledQuery[] = [];
const plugin: KyselyPlugin = {
  transformQuery({ node, queryId }) {
    asked.push(new SqliteQueryCompiler().compileQuery(node, queryId));
    return node;
  },
  transformResult: async ({ result }) => result,
};
beforeAll(async () => {
  hub = await TestHub.start();
  await hub.records.write((to) => ensureRepository(to, 'a/b', 1));
});
afterAll(() => hub[Symbol.asyncDispose]());

/** How SQLite goes about the queries of `task`. */
async function plansOf(task: (from: Reader) => Promise<unknown>): Promise<string[]> {
  asked.length = 0;
  await task(hub.records.read.withPlugin(plugin));
  const plans = await Promise.all(
    asked.map(({ sql, parameters }) => {
      const explain = CompiledQuery.raw(`EXPLAIN QUERY PLAN ${sql}`, [...parameters]);
      return hub.records.read.executeQuery<{ detail: string }>(explain);
    }),
  );
  return plans.flatMap(({ rows }) => rows.map(({ detail }) => detail));
}

const DIGEST = digestOf(Buffer.from('x'));
const QUERIES: Readonly<Record<string, (from: Reader) => Promise<unknown>>> = {
  'a manifest by tag': (from) => findManifest(from, 'a/b', 'v1'),
  'a manifest by digest': (from) => findManifest(from, 'a/b', DIGEST),
  'a blob': (from) => findBlob(from, 'a/b', DIGEST),
  'what a manifest needs': (from) => blobSizes(from, 1, [DIGEST]),
  'what an index needs': (from) => manifestSizes(from, 1, [DIGEST]),
  'who needs a blob': (from) => isReferenced(from, 1, DIGEST),
  'tags in order': (from) => listTags(from, 1, 'a', 10),
  'the tags of a manifest': (from) => tagsOf(from, 1, DIGEST),
  repositories: (from) => listRepositories(from, 'a', 10),
  'the repositories of a project': (from) => repositoriesOf(from, 'a'),
  referrers: (from) => listReferrers(from, 'a/b', { subject: DIGEST, after: '', limit: 10 }),
  'referrers of a type': (from) =>
    listReferrers(from, 'a/b', { subject: DIGEST, artifactType: 'a/b', after: '', limit: 10 }),
  'open uploads': (from) => hasUploads(from, 'dev', 5000),
  'tags to judge': (from) => candidateTags(from, 1),
  'manifests without a tag': (from) => untaggedManifests(from, 1, { before: 1, after: DIGEST, limit: 10 }),
  'whether a project has it': (from) => hasContent(from, 'a', DIGEST),
  'links to collect': (from) => scanLinks(from, 1, { repository: 1, digest: DIGEST }),
  'blobs to collect': (from) => scanBlobs(from, DIGEST),
  'deliveries that are due': (from) => dueDeliveries(from, 'a.b', 1, 4),
  'when a delivery is due': (from) => nextDue(from, 'a.b', 1),
  'how a webhook does': (from) => summarize(from, 'a.b'),
  'the revision of an index': (from) => chartRevision(from, 'a'),
  'tags to tell of': (from) => tagObjects(from, {}),
  'a tag to tell of': (from) => tagByName(from, 'a:b:v1'),
  'manifests to tell of': (from) => manifestObjects(from, {}),
  'blobs that would be collected': (from) => scanBlobs(from, DIGEST, 1),
};

/** A table or all of a repository from end to end, or a sort of it; what has one row is none. */
const SLOW =
  /^SCAN (?!CONSTANT ROW|counts$|tried )|TEMP B-TREE|(?:manifests|manifest_references|tags|blob_links) .*\(repository=\?\)/;
/** Whether a repository has any manifest ends with the first. */
const ANY = 'SEARCH manifests EXISTS USING';

test.each(Object.keys(QUERIES))('%s: found without walking through a table or a repository', async (name) => {
  const plans = await plansOf((from) => QUERIES[name]?.(from) ?? Promise.resolve());
  expect(plans.length).toBeGreaterThan(0);
  expect(plans.filter((plan) => SLOW.test(plan) && !plan.startsWith(ANY))).toEqual([]);
});
