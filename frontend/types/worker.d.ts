/** What the page sends the voice socket's worker. */
type PageMessage =
  | { kind: "join"; port: MessagePort }
  | { kind: "dial"; url: string; number: number }
  | { kind: "hangUp"; number: number };

/** What the worker tells the page, with the call's number. */
type CallMessage =
  | { kind: "opened" }
  | { kind: "text"; text: string }
  | { kind: "closed"; code: number; received: number };

/** Loads the prompt lab's larger core, which then takes the messages. */
declare var loadOpus: () => Promise<unknown>;
