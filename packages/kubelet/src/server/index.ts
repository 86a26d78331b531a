export type { AgentReport, AgentServerOptions, PodSource } from './agent-context.ts';
export { type AgentServer, createAgentServer } from './agent-server.ts';
