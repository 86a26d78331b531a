import { type Digest, digestOf } from '@sampan/blobs';
import { type HubResponse, json } from '../api/message.ts';
import { sourceOf } from '../events/source.ts';
import type { Descriptor } from '../manifests/descriptor.ts';
import { removeManifest, removeTag } from '../manifests/remove.ts';
import { isReferenced } from '../metadata/blobs.ts';
import { findManifest, type StoredManifest } from '../metadata/manifests.ts';
import { findTag, tagsOf } from '../metadata/tags.ts';
import { requireRemovable } from '../rules/immutability.ts';
import { readChartArchive } from './chart-archive.ts';
import type { ChartCall } from './chart-call.ts';
import { ChartError } from './chart-error.ts';
import { type ListedChart, listedCharts } from './chart-records.ts';
import { CHART_CONFIG, CHART_CONTENT, CHART_PROVENANCE } from './media-types.ts';
import { type ChartMetadata, tagOfVersion } from './metadata.ts';
import { pushBlob, pushChart } from './push-chart.ts';
import { readUpload } from './read-upload.ts';

const saved = (): HubResponse => json(201, { saved: true });

/**
 * Takes a packaged chart, as the body or as `chart` of a form, there perhaps with its signature as `prov`. It is
 * stored as `helm push` stores it in PROJECT/charts. `?force` replaces a version that is there.
 */
export async function upload(call: ChartCall): Promise<HubResponse> {
  const { chart, prov } = await readUpload(call.request, 'chart');
  if (!chart || chart.length === 0) throw new ChartError(400, 'there is no chart in the request');
  const metadata = await readChartArchive(chart);
  return alone(call, `${metadata.name}-${metadata.version}`, () => store(call, metadata, chart, prov));
}

/** Of several who would change the same version at the same time, the second sees what the first did. */
function alone<T>({ parts, project }: ChartCall, file: string, task: () => Promise<T>): Promise<T> {
  return parts.locks.hold(`chart ${project}/${file}`, task);
}

async function store(
  call: ChartCall,
  metadata: ChartMetadata,
  chart: Buffer,
  prov: Buffer | undefined,
): Promise<HubResponse> {
  const repository = `${call.project}/charts/${metadata.name}`;
  const isThere = await compare(call, repository, metadata, digestOf(chart));
  if (isThere && !prov) return saved();
  const config = Buffer.from(JSON.stringify(metadata.fields));
  const layers = [await pushBlob(call, repository, CHART_CONTENT, chart)];
  if (prov) layers.push(await pushBlob(call, repository, CHART_PROVENANCE, prov));
  await pushChart(call, {
    repository,
    tag: tagOfVersion(metadata.version),
    config: await pushBlob(call, repository, CHART_CONFIG, config),
    layers,
    annotations: annotationsOf(metadata),
  });
  return saved();
}

/** Whether the version is there with this very content. @throws ChartError 409 when with another */
async function compare(
  { parts, project, query }: ChartCall,
  repository: string,
  metadata: ChartMetadata,
  content: Digest,
): Promise<boolean> {
  const file = `${metadata.name}-${metadata.version}`;
  const charts = await listedCharts(parts.records.read, project, { file });
  const elsewhere = charts.find(({ path }) => path !== repository);
  if (elsewhere) throw new ChartError(409, `${file} is there already, pushed to ${elsewhere.path}`);
  if (charts.some((chart) => chart.content === content)) return true;
  const taken = await findManifest(parts.records.read, repository, tagOfVersion(metadata.version));
  if (taken && !query.has('force')) throw new ChartError(409, `${file} is there already, with other content`);
  return false;
}

/** Those that `helm push` sets, but for the time: the same chart gives the same manifest. */
function annotationsOf({ name, version, fields }: ChartMetadata): Record<string, string> {
  const { description, home } = fields;
  const base = 'org.opencontainers.image';
  return {
    [`${base}.title`]: name,
    [`${base}.version`]: version,
    ...(typeof description === 'string' ? { [`${base}.description`]: description } : {}),
    ...(typeof home === 'string' ? { [`${base}.url`]: home } : {}),
  };
}

/** `helm package --sign`: the sums of what is signed, in a list below the chart's metadata. */
const SIGNED = /^ +(\S+)\.tgz: sha256:([0-9a-f]{64})\s*$/m;

/** Takes the signature of a chart that is there, as the body or as `prov` of a form; an older one goes. */
export async function uploadProvenance(call: ChartCall): Promise<HubResponse> {
  const { prov } = await readUpload(call.request, 'prov');
  const [, file = '', hex] = SIGNED.exec(prov?.toString('utf8') ?? '') ?? [];
  if (!prov || file === '') throw new ChartError(400, 'not a provenance file: it names no chart');
  const { records } = call.parts;
  return alone(call, file, async () => {
    const [chart] = await listedCharts(records.read, call.project, { file });
    const stored = chart && (await findManifest(records.read, chart.path, chart.manifest));
    if (!chart || !stored) throw new ChartError(404, `there is no chart ${file}: upload it first`);
    if (chart.content !== `sha256:${hex}`)
      throw new ChartError(400, `it signs another ${file} than the one here`);
    await sign(call, chart, stored, prov);
    return saved();
  });
}

async function sign(
  call: ChartCall,
  chart: ListedChart,
  stored: StoredManifest,
  prov: Buffer,
): Promise<void> {
  const repository = chart.path;
  const { config, layers, annotations } = JSON.parse(Buffer.from(stored.body).toString()) as {
    readonly config: Descriptor;
    readonly layers: readonly Descriptor[];
    readonly annotations?: Readonly<Record<string, string>>;
  };
  const signature = await pushBlob(call, repository, CHART_PROVENANCE, prov);
  await pushChart(call, {
    repository,
    tag: chart.tag,
    config,
    layers: [...layers.filter(({ mediaType }) => mediaType !== CHART_PROVENANCE), signature],
    annotations: annotations ?? {},
  });
}

/** Removes a version, wherever in the project it was pushed to. */
export function remove(call: ChartCall): Promise<HubResponse> {
  const { parts, project, name, version } = call;
  return alone(call, `${name}-${version}`, async () => {
    const charts = await listedCharts(parts.records.read, project, { name });
    const found = charts.filter((chart) => chart.version === version);
    if (found.length === 0) throw new ChartError(404, `there is no version ${version} of ${name}`);
    for (const chart of found) await removeChart(call, chart);
    return json(200, { deleted: true });
  });
}

/** The manifest goes with its last tag, unless an index needs it. One that was pushed again meanwhile stays. */
function removeChart(call: ChartCall, { path, tag, repository: id, manifest }: ListedChart): Promise<void> {
  const { directory, events } = call.parts;
  requireRemovable(directory.project(call.project), path, tag);
  return events.write(async (to, tell) => {
    if ((await findTag(to, id, tag)) !== manifest) return;
    const removal = { repository: { id, name: path }, source: sourceOf(call), tell };
    await removeTag(to, removal, tag);
    if ((await tagsOf(to, id, manifest)).length > 0 || (await isReferenced(to, id, manifest))) return;
    await removeManifest(to, removal, manifest);
  });
}
