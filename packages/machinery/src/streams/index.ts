/**
 * Streams between clients and what runs on nodes: WebSockets with channels, SPDY/3.1 towards a container runtime, and
 * joined connections where both sides speak the same. Start with `remote-command.ts`.
 */
export { dialUpgrade, type NotUpgraded, type UpgradeCall, type Upgraded } from './dial-upgrade.ts';
export { bridgePorts, PORT_PROTOCOLS, SPDY_PORT_PROTOCOL, TUNNEL_PROTOCOL } from './port-channels.ts';
export {
  bridgeCommand,
  COMMAND_PROTOCOLS,
  type CommandStreams,
  SPDY_COMMAND_PROTOCOL,
} from './remote-command.ts';
export { SpdyClient } from './spdy/spdy-client.ts';
export { splice } from './splice.ts';
export {
  acceptWebSocket,
  chooseAnyProtocol,
  chooseProtocol,
  type Upgrade,
  wantsWebSocket,
} from './websocket/accept.ts';
export { ChannelSocket } from './websocket/channel-socket.ts';
export { tunnel } from './websocket/tunnel.ts';
