/** Kubernetes' protobuf bodies, read by the tags of the generated table. Start with `decode-protobuf.ts`. */
export { decodeProtobuf, PROTOBUF_TYPE } from './decode-protobuf.ts';
