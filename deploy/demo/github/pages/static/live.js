// Keeps a page fresh without losing what is being typed, and remembers as whom one acts.
"use strict";

const PAUSE = 2000;
let seen = null;

function openFolds(root) {
  return [...root.querySelectorAll("details")].map((fold) => fold.open);
}

async function refresh() {
  const answer = await fetch(location.href);
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
  const live = document.getElementById("live");
  if (!fresh || fresh.innerHTML === live.dataset.source) return;
  const folds = openFolds(live);
  live.dataset.source = fresh.innerHTML;
  live.innerHTML = fresh.innerHTML;
  live.querySelectorAll("details").forEach((fold, at) => { if (folds[at]) fold.open = true; });
  remember(live);
}

async function poll() {
  const live = document.getElementById("live");
  const busy = !live || document.hidden || live.contains(document.activeElement) && document.activeElement.matches("textarea, select, input");
  try {
    if (!busy) {
      const { revision } = await (await fetch("/_state")).json();
      if (seen !== null && revision !== seen) await refresh();
      seen = revision;
    }
  } catch { /* the server went away; the next turn asks again */ }
  setTimeout(poll, PAUSE);
}

function remember(root) {
  root.querySelectorAll("select[data-remember]").forEach((select) => {
    const key = "stand-in " + select.dataset.remember;
    const kept = localStorage.getItem(key);
    if (kept && [...select.options].some((option) => option.value === kept)) select.value = kept;
    select.addEventListener("change", () => localStorage.setItem(key, select.value));
  });
}

remember(document);
poll();
