/** What people can do about alerts; each is an event, as the commands write it. */
import { element } from "../page/element";

/** Puts buttons in the places of commands. */
export function act(root: ParentNode, onDone: () => void): void {
  for (const place of root.querySelectorAll<HTMLElement>(".act:empty")) {
    const { ack, end, silence } = place.dataset;
    if (ack) place.append(button("Take care of it", `/api/v1/alerts/${encodeURIComponent(ack)}/ack`, onDone));
    else if (end) place.append(button("End", `/api/v1/silences/${encodeURIComponent(end)}/end`, onDone));
    else if (silence !== undefined)
      place.append(element("button", { type: "button", onclick: () => askForSilence(onDone) }, "Hold alerts back…"));
  }
}

function button(words: string, path: string, onDone: () => void): HTMLElement {
  const made = element("button", { type: "button", onclick: () => void go() }, words);
  const go = async () => {
    made.disabled = true;
    made.textContent = (await send(path, {})) ? "Done" : "It did not work";
    onDone();
  };
  return made;
}

function askForSilence(onDone: () => void): void {
  const rule = element("input", { name: "rule", autocomplete: "off", required: true });
  const minutes = element("input", { name: "minutes", type: "number", min: 1, max: 43200, value: 60, required: true });
  const comment = element("input", { name: "comment", autocomplete: "off", maxlength: 500 });
  const form = element("form", { method: "dialog" },
    element("p", {}, element("label", {}, "Rule ", rule)),
    element("p", {}, element("label", {}, "Minutes ", minutes)),
    element("p", {}, element("label", {}, "Why ", comment)),
    element("button", { type: "submit" }, "Hold back"), " ",
    element("button", { type: "button", onclick: () => dialog.close() }, "Cancel"));
  const dialog = element("dialog", { "aria-label": "Hold alerts back" }, form);
  form.addEventListener("submit", () => void send("/api/v1/silences", {
    match: { rule: rule.value }, for_s: minutes.valueAsNumber * 60, comment: comment.value,
  }).then(onDone));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

async function send(path: string, body: unknown): Promise<boolean> {
  const answer = await fetch(path, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
  }).catch(() => undefined);
  return answer?.ok ?? false;
}
