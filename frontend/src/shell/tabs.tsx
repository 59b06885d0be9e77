/** The pages as tabs; the parts of the open page as a second row. While arranging they are named, moved and removed here. */
import { useEffect, useRef } from "preact/hooks";
import { familyOf, mapPage, topPages, withPage, withPageMoved, withoutPage, type PageLayout } from "../state/layout";
import { Menu, type Item } from "./menu";
import type { Shell } from "./shell";

function Row({ shell, label, pages, current }: { shell: Shell; label: string; pages: readonly PageLayout[]; current: string }) {
  const list = useRef<HTMLDivElement>(null);
  // Where there is no room for all, the open one is in sight.
  useEffect(() => list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest", inline: "nearest" }), [current]);
  const keyed = (event: KeyboardEvent) => {
    const at = pages.findIndex(({ id }) => id === current);
    const to: Record<string, number> = { ArrowRight: at + 1, ArrowLeft: at - 1 + pages.length, Home: 0, End: pages.length - 1 };
    const next = to[event.key];
    if (next === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    const place = next % pages.length;
    const page = pages[place];
    if (page) shell.goTo(page.id);
    list.current?.querySelectorAll<HTMLElement>("[role=tab]")[place]?.focus();
  };
  return (
    <div ref={list} class="tabs" role="tablist" aria-label={label} onKeyDown={keyed}>
      {pages.map(({ id, title }) => (
        <button key={id} type="button" role="tab" id={`tab-${id}`} aria-selected={id === current} aria-controls="views" tabIndex={id === current ? 0 : -1} title={title} onClick={() => shell.goTo(id)}>{title}</button>
      ))}
    </div>
  );
}

export function Pages({ shell }: { shell: Shell }) {
  const { arrangement } = shell.session.store;
  const page = arrangement.current();
  const pages = topPages(arrangement.layout.value);
  if (!page || (pages.length < 2 && !shell.arranging.value)) return null;
  return <Row shell={shell} label="Pages" pages={pages} current={page.under ?? page.id} />;
}

export function SubPages({ shell }: { shell: Shell }) {
  const { arrangement } = shell.session.store;
  const page = arrangement.current();
  const family = page ? familyOf(arrangement.layout.value, page) : [];
  if (!page || family.length === 0) return null;
  return <div class="sub-pages"><Row shell={shell} label="Parts of this page" pages={family} current={page.id} /></div>;
}

function PageName({ shell, page }: { shell: Shell; page: PageLayout }) {
  const { arrangement } = shell.session.store;
  const keep = (title: string) => {
    if (title.trim() !== "" && title.trim() !== page.title) arrangement.edit((layout) => mapPage(layout, page.id, (one) => ({ ...one, title: title.trim() })));
  };
  return (
    <input key={page.id} class="field page-name" type="text" maxLength={120} aria-label="Name of this page" value={page.title} onChange={(event) => keep(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === "Enter" || event.key === "Escape") event.currentTarget.blur();
        event.stopPropagation();
      }} />
  );
}

/** What can be done with the page that is open. */
export function PageTools({ shell }: { shell: Shell }) {
  const { arrangement } = shell.session.store;
  const page = arrangement.current();
  if (!page) return null;
  const layout = arrangement.layout.value;
  const add = (under?: string) => {
    const made = withPage(arrangement.layout.peek(), under === undefined ? "New page" : "New part", under);
    arrangement.edit(() => made.layout);
    shell.goTo(made.id);
  };
  const move = (by: -1 | 1) => arrangement.edit((now) => withPageMoved(now, page.id, by));
  const siblings = layout.pages.filter(({ under }) => under === page.under);
  const at = siblings.findIndex(({ id }) => id === page.id);
  const remove = () => {
    arrangement.edit((now) => withoutPage(now, page.id));
    shell.goTo(arrangement.current()?.id ?? "");
    shell.tell(`Page ${page.title} is removed. Undo brings it back.`);
  };
  const only = withoutPage(layout, page.id) === layout;
  const items: Item[] = [
    { title: "Add a page", run: () => add() },
    { title: "Add a part to this page", run: () => add(page.under ?? page.id) },
    { title: "Move this page to the left", ...(at <= 0 ? { why: "It is the first." } : {}), run: () => move(-1) },
    { title: "Move this page to the right", ...(at >= siblings.length - 1 ? { why: "It is the last." } : {}), run: () => move(1) },
    { title: "Remove this page", ...(only ? { why: "The last page stays." } : {}), run: remove },
  ];
  return (
    <span class="page-tools" role="group" aria-label="This page">
      <PageName shell={shell} page={page} />
      <Menu label="What to do with this page" sign="⋯" items={items} />
    </span>
  );
}
