import type { HubEvent } from '../events/event.ts';

/** https://github.com/cloudevents/spec, CloudEvents 1.0, "JSON event format", structured. */
export const PAYLOAD_TYPE = 'application/cloudevents+json; charset=utf-8';

/** What a webhook is sent: a CloudEvent, the same text at every try. */
export function payloadOf(event: HubEvent): string {
  const { id, time, type, project, repository, tag, digest, mediaType, artifactType, size, quota } = event;
  const { actor, address, userAgent } = event;
  return JSON.stringify({
    specversion: '1.0',
    id,
    source: `/hub/projects/${project}`,
    type: `dev.sampan.hub.${type}`,
    subject: tag === undefined ? `${repository}@${digest}` : `${repository}:${tag}`,
    time: new Date(time).toISOString(),
    datacontenttype: 'application/json',
    data: {
      project,
      repository,
      ...(tag === undefined ? {} : { tag }),
      digest,
      mediaType,
      ...(artifactType === undefined ? {} : { artifactType }),
      size,
      ...(quota === undefined ? {} : { quota }),
      actor,
      address,
      userAgent,
    },
  });
}
