import { createActor, createMember } from "@takosumi/testkit/actors";
import { startApi, type TestApi } from "@takosumi/testkit/api";
import { type Answer, type Call, caller } from "@takosumi/testkit/call";
import { expect } from "vitest";

export const module = { kind: "inline", files: { "main.tf": 'resource "terraform_data" "a" {}\n' } } as const;

/** One API with an owner, and what the tests of the deploy families make again and again. */
export class DeployWorld {
  readonly api: TestApi;
  readonly call: Call;
  private constructor(api: TestApi) {
    this.api = api;
    this.call = api.call;
  }
  static start = async (env: Readonly<Record<string, string>> = {}): Promise<DeployWorld> => new DeployWorld(await startApi({ env }));
  get db() {
    return this.api.database.db;
  }

  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever a server answered
  async ok(method: string, path: string, body?: object, as: Call = this.call): Promise<any> {
    const answer = await as(method, path, body === undefined ? {} : { body });
    if (answer.status >= 300) throw new Error(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }
  project = async (given: object = {}) => (await this.ok("POST", "/api/projects", { name: "p", ...given })).project;
  secret = async (name: string, value = "hunter2-hunter2", as: Call = this.call) =>
    (await this.ok("POST", "/api/secrets", { name, value }, as)).secret;
  async capsule(given: object = {}) {
    const project_id = (given as { project_id?: string }).project_id ?? (await this.project()).id;
    return (await this.ok("POST", "/api/capsules", { name: "web", source: module, ...given, project_id })).capsule;
  }
  pool = async (name: string, as: Call = this.call) => (await this.ok("POST", "/api/runner-pools", { name }, as)).runner_pool;
  patch = async (id: string, body: object) => (await this.ok("PATCH", `/api/capsules/${id}`, body)).capsule;
  plan = async (capsule_id: string) => (await this.ok("POST", "/api/runs", { kind: "plan", capsule_id })).run;
  /** A plan as if a runner had finished it. */
  async planned(capsule_id: string): Promise<string> {
    const { id } = await this.plan(capsule_id);
    await this.db.prisma.runs.update({ where: { id }, data: { status: "planned" } });
    return id;
  }
  statusOf = async (id: string) => (await this.db.prisma.runs.findUniqueOrThrow({ where: { id } })).status;
  /** Somebody who is nothing here. */
  stranger = async (): Promise<Call> => caller(this.api.url, (await createActor(this.db)).token);
  member = async (workspace: string, role: Parameters<typeof createMember>[2]): Promise<Call> =>
    caller(this.api.url, (await createMember(this.db, workspace, role)).token);
  close = () => this.api.close();
}

/** The answer is this refusal: its status, `details.reason`, and a word of the message. */
export function refused(answer: Answer, status: number, reason: string | undefined, word = ""): void {
  expect({ status: answer.status, reason: answer.body?.error?.details?.reason }, JSON.stringify(answer.body)).toEqual({ status, reason });
  expect(answer.body.error.message).toContain(word);
}
export const fieldPaths = (answer: Answer): string[] => answer.body.error.details.fields.map(({ path }: { path: string }) => path);
