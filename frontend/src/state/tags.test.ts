// @vitest-environment node
import { afterEach, expect, test, vi } from "vitest";
import { settle } from "../components/mounted";
import { FakeHost } from "../hosts/fake";
import type { Logged } from "../hosts/host";
import { enact } from "./deeds";
import { rowsOf } from "./masks";
import { Session } from "./session";
import { applyTag, idsOf, replayed, tagsField, tagsOf } from "./tags";

let session: Session | null = null;
afterEach(() => session?.stop());

async function opened(host = new FakeHost()): Promise<{ host: FakeHost; session: Session }> {
  session = new Session(host, await host.recording());
  session.start("", () => undefined);
  await settle();
  return { host, session };
}

const said = (session: Session) => Object.fromEntries([...session.tags.rows.value].map(([tag, rows]) => [tag, [...rows]]));

function tagged(tag: string, samples: string[], more: { remove?: true; inForce?: boolean } = {}): Logged {
  const { inForce = true, ...rest } = more;
  return { sequence: 1, time: "", author: "me", kind: "tag", payload: { tag, samples, ...rest }, inForce };
}

test("a tag is a decision about ids; it is read back as rows, by sample, and as a column to filter by", async () => {
  const { host, session } = await opened();
  expect(await applyTag(session, " odd ", [7, 5])).toBe(true);
  await settle();
  expect(host.decided).toMatchObject([{ kind: "tag", payload: { tag: "odd", samples: ["test/7", "test/5"] } }]);
  expect(said(session)).toEqual({ odd: [5, 7] });
  expect([tagsOf(session, 5), tagsOf(session, 6)]).toEqual([["odd"], []]);
  session.filter.add({ op: "has", column: "tags", value: "odd" });
  await settle();
  expect([...rowsOf(session.filter.mask() ?? new Uint32Array(0))]).toEqual([5, 7]);
  await applyTag(session, "odd", [6]);
  await settle();
  expect([...rowsOf(session.filter.mask() ?? new Uint32Array(0))]).toEqual([5, 6, 7]);
});

test("undo takes the decision back in the log, redo puts it in force again", async () => {
  const { host, session } = await opened();
  await applyTag(session, "odd", [5]);
  expect(session.history.undoable.value).toBe("Tag 1 as odd");
  session.history.undo();
  await settle();
  expect(said(session)).toEqual({});
  session.history.redo();
  await settle();
  expect(said(session)).toEqual({ odd: [5] });
  session.history.undo();
  await settle();
  expect(said(session)).toEqual({});
  expect(host.decided.map(({ kind }) => kind)).toEqual(["tag", "undo", "undo", "undo"]);
});

test("an undo that could not be saved stays to be undone, and says why", async () => {
  const { host, session } = await opened();
  await applyTag(session, "odd", [5]);
  host.failing = "The disk is full.";
  session.history.undo();
  await settle();
  expect(session.store.notices.value.at(-1)).toBe("Tag 1 as odd could not be undone. The disk is full.");
  expect(said(session)).toEqual({ odd: [5] });
  host.failing = null;
  session.history.undo();
  await settle();
  expect(said(session)).toEqual({});
});

test("what is decided faster than it is saved is saved in that order, and an undo takes back the last of it", async () => {
  const host = new FakeHost();
  const { session } = await opened(host);
  const decide = host.decide.bind(host);
  // The first takes longest: side by side they would arrive the other way round.
  const turns = [8, 4, 0];
  vi.spyOn(host, "decide").mockImplementation(async (decision) => {
    await settle(turns.shift() ?? 0);
    return decide(decision);
  });
  for (const [tag, row] of [["a", 5], ["b", 6], ["c", 7]] as const) void enact(session, `Tag ${tag}`, "tag", [{ tag, samples: [`test/${row}`] }]);
  session.history.undo();
  await settle(40);
  expect(host.decided.map(({ kind, inForce }) => [kind, inForce])).toEqual([["tag", true], ["tag", true], ["tag", false], ["undo", true]]);
  expect(said(session)).toEqual({ a: [5], b: [6] });
  expect([session.history.undoable.value, session.history.redoable.value]).toEqual(["Tag b", "Tag c"]);
});

test("of a long log only what is new is read, and another page's undo takes out of force what was known", async () => {
  const host = new FakeHost();
  await host.decide({ id: "1", kind: "tag", payload: { tag: "odd", samples: ["test/5"] } });
  const { session } = await opened(host);
  const asked = vi.spyOn(host, "decisions");
  await host.decide({ id: "2", kind: "tag", payload: { tag: "odd", samples: ["test/6"] } });
  await settle();
  expect(said(session)).toEqual({ odd: [5, 6] });
  await host.decide({ id: "3", kind: "undo", payload: {}, undoes: 1 });
  await settle();
  expect(said(session)).toEqual({ odd: [6] });
  expect(asked.mock.calls).toEqual([[1], [2]]);
});

test("two undos in a row wait for each other", async () => {
  const { session } = await opened();
  await applyTag(session, "a", [5]);
  await applyTag(session, "b", [6]);
  session.history.undo();
  session.history.undo();
  await settle(16);
  expect(said(session)).toEqual({});
});

test("where nothing can be saved, nothing is tagged and the page says why", async () => {
  const host = new FakeHost();
  host.capabilities = { ...host.capabilities, decide: false };
  const { session } = await opened(host);
  expect(await applyTag(session, "odd", [5])).toBe(false);
  expect(host.decided).toEqual([]);
  expect(session.store.notices.value).toEqual(["This page is open for reading only, so nothing can be saved. Ask its owner, or open the recording yourself with bathyscope open."]);
});

test("replay: later decisions win, what is taken back does not count, nonsense is passed over", () => {
  const log = [
    tagged("a", ["x", "y"]),
    tagged("a", ["x"], { remove: true }),
    tagged("b", ["x"], { inForce: false }),
    tagged("c", ["z"]),
    tagged("c", ["z"], { remove: true }),
    { ...tagged("d", []), payload: { tag: 3, samples: "x" } },
  ];
  expect([...replayed(log)].map(([tag, ids]) => [tag, [...ids]])).toEqual([["a", ["y"]]]);
});

test("ids of another recording carry a tag that no sample here has", async () => {
  const host = new FakeHost();
  await host.decide({ id: "1", kind: "tag", payload: { tag: "odd", samples: ["test/5", "elsewhere"] } });
  const { session } = await opened(host);
  expect(said(session)).toEqual({ odd: [5] });
});

test("many ids are saved in several decisions that one undo takes back", async () => {
  const { host, session } = await opened();
  session.columns.rows = async () => new Map([["sample_id", { kind: "text", length: 3, at: (i: number) => `${i}`.padEnd(200_000, "x") }]]);
  await applyTag(session, "long", [5, 6, 7]);
  expect(host.decided.map(({ payload }) => (payload as { samples: string[] }).samples.length)).toEqual([1, 1, 1]);
  session.history.undo();
  await settle(16);
  expect(host.decided.filter(({ inForce, kind }) => inForce && kind === "tag")).toEqual([]);
});

test("ids come in the order asked for; a recorded column called tags keeps its name", async () => {
  const { session } = await opened();
  const { recording } = session.store;
  expect(await idsOf(session.columns, recording.value, Uint32Array.of(7, 0))).toEqual(["test/7", "train/0"]);
  expect(tagsField({ ...recording.value, columns: [{ name: "tags", type: "text", role: "metadata" }] })).toBe("tags here");
});
