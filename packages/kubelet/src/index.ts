/** The node agent. */ export {};
