// Small comforts for long forms; every page works without this file.
//
//   data-when="field=value"   a part of a form that only matters for that answer
//   data-rows                 a repeating group: its 「再加几行」 button adds rows without a round trip
//   data-guard                a form whose unsent text is worth a question before leaving
"use strict";

for (const part of document.querySelectorAll("[data-when]")) {
  const [name, value] = part.dataset.when.split("=");
  const form = part.closest("form");
  const show = () => {
    const answer = new FormData(form).get(name);
    part.hidden = answer !== value;
    part.disabled = part.hidden;
  };
  form.addEventListener("change", show);
  show();
}

// Row number 7 of the group "dialogue" has fields named `dialogue.7.question`; a new row is the last
// one, emptied, with the next number in every name, id and reference.
function nextRow(last) {
  const number = Number(last.dataset.row);
  const row = last.cloneNode(true);
  row.dataset.row = number + 1;
  for (const element of row.querySelectorAll("*")) {
    for (const name of ["id", "name", "for", "aria-describedby", "aria-labelledby"]) {
      const old = element.getAttribute(name);
      if (old) element.setAttribute(name, old.replaceAll(`.${number}.`, `.${number + 1}.`));
    }
    if (element.matches("textarea")) element.textContent = element.value = "";
    else if (element.matches("input")) element.type === "radio" || element.type === "checkbox" ? element.checked = false : element.value = "";
    else if (element.matches("option")) element.selected = element.defaultSelected = false;
    element.removeAttribute("aria-invalid");
  }
  row.classList.remove("is-wrong");
  for (const error of row.querySelectorAll(".error")) error.remove();
  last.after(row);
  return row;
}

for (const group of document.querySelectorAll("[data-rows]")) {
  const more = group.querySelector("button[name=more]");
  more.addEventListener("click", (event) => {
    event.preventDefault();
    const rows = group.querySelectorAll("[data-row]");
    const first = nextRow(rows[rows.length - 1]);
    nextRow(nextRow(first));
    first.querySelector("textarea, input, select").focus();
  });
}

for (const form of document.querySelectorAll("form[data-guard]")) {
  let unsent = form.dataset.guard === "unsent";
  form.addEventListener("input", () => { unsent = true; });
  form.addEventListener("submit", () => { unsent = false; });
  window.addEventListener("beforeunload", (event) => {
    if (!unsent) return;
    event.preventDefault();
    event.returnValue = "";
  });
}
