import type { Digest } from '@sampan/blobs';
import { type HubResponse, json } from '../api/message.ts';
import { sourceOf } from '../events/source.ts';
import { describeManifest } from '../metadata/manifests.ts';
import type { ChartCall } from './chart-call.ts';
import { ChartError } from './chart-error.ts';
import { entriesOf } from './chart-index.ts';
import { type ListedChart, listedCharts } from './chart-records.ts';

export async function index({ indexes, project, request }: ChartCall): Promise<HubResponse> {
  const found = await indexes.of(project);
  const zips = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/.test(request.headers['accept-encoding'] ?? '');
  // each encoding is another text to caches (RFC 9110, section 8.8.3)
  const etag = `"${found.version}${zips ? '-gzip' : ''}"`;
  const headers = { etag, vary: 'accept-encoding', 'cache-control': 'no-cache' };
  const known = (request.headers['if-none-match'] ?? '')
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''));
  if (known.includes(etag) || known.includes('*')) return { status: 304, headers };
  const body = zips ? await found.zipped() : Buffer.from(found.text);
  const coding = zips ? { 'content-encoding': 'gzip' } : {};
  const content = { 'content-type': 'application/x-yaml', 'content-length': String(body.length), ...coding };
  return { status: 200, headers: { ...headers, ...content }, body };
}

const PROVENANCE = '.prov';
const ARCHIVE = '.tgz';

/** The archive of a chart, or its signature; ranges as for any blob. */
export async function download(call: ChartCall): Promise<HubResponse> {
  const { name, query, request, caller, run } = call;
  const signed = name.endsWith(PROVENANCE);
  const file = name.slice(0, -(ARCHIVE.length + (signed ? PROVENANCE.length : 0)));
  const chart = await findChart(call, { file });
  const digest = signed ? chart.provenance : chart.content;
  if (!digest) throw new ChartError(404, `${file} is not signed`);
  const place = { repository: chart.path, reference: digest };
  const answer = await run({ operation: 'getBlob', action: 'pull', ...place, request, query, caller });
  if (!signed && request.method === 'GET' && request.headers.range === undefined) await tellPull(call, chart);
  const type = signed ? 'text/plain; charset=utf-8' : 'application/gzip';
  // what a name stands for may be pushed anew
  const headers = { ...answer.headers, 'content-type': type, 'cache-control': 'no-cache' };
  return { ...answer, headers };
}

async function tellPull({ parts, caller, request }: ChartCall, chart: ListedChart): Promise<void> {
  const { path: repository, tag } = chart;
  const described = await describeManifest(parts.records.read, chart.repository, chart.manifest);
  if (!described) return;
  parts.events.tell({ type: 'pull', repository, tag, ...described, ...sourceOf({ caller, request }) });
}

/** All charts by name, the versions of one, or one version: as ChartMuseum lists them. */
export async function list({ parts, project, name, version }: ChartCall): Promise<HubResponse> {
  const only = name === '' ? {} : { name };
  const entries = entriesOf(await listedCharts(parts.records.read, project, only));
  if (name === '') {
    const all = Array.from(entries, ([each, versions]) => `${JSON.stringify(each)}:[${versions.join(',')}]`);
    return answerText(`{${all.join(',')}}`);
  }
  const versions = entries.get(name);
  if (!versions) throw new ChartError(404, `there is no chart ${name}`);
  if (version === '') return answerText(`[${versions.join(',')}]`);
  const found = versions.find((text) => (JSON.parse(text) as { version: string }).version === version);
  if (found === undefined) throw new ChartError(404, `there is no version ${version} of ${name}`);
  return answerText(found);
}

function answerText(body: string): HubResponse {
  return { ...json(200, undefined), body };
}

/** @throws ChartError 404 */
export async function findChart(
  { parts, project }: ChartCall,
  only: { readonly file: string },
): Promise<ListedChart & { content: Digest }> {
  const [chart] = await listedCharts(parts.records.read, project, only);
  if (!chart) throw new ChartError(404, `there is no chart ${only.file}`);
  return chart;
}
