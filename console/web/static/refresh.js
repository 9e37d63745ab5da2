// Renews the main part of a page every few seconds while somebody looks at it. Without this script pages are complete.
"use strict";
(() => {
  const main = document.getElementById("main");
  const lost = document.getElementById("lost");
  const seconds = Number(main.dataset.refresh || 0);
  if (!seconds) return;

  const isInUse = () => {
    const selection = document.getSelection();
    return (main.contains(document.activeElement) && document.activeElement !== main)
      || (selection && !selection.isCollapsed);
  };

  const renew = async () => {
    if (document.hidden || isInUse()) return;
    try {
      const answer = await fetch(location.href, { headers: { "x-fragment": "main" }, credentials: "same-origin" });
      if (answer.status === 401) { location.reload(); return; }
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const scrolled = [...main.querySelectorAll(".scroll")].map((region) => region.scrollLeft);
      main.replaceChildren(...fresh.body.childNodes);
      main.querySelectorAll(".scroll").forEach((region, index) => { region.scrollLeft = scrolled[index] || 0; });
      lost.hidden = true;
    } catch {
      lost.hidden = false;
    }
  };

  setInterval(renew, seconds * 1000);
  document.addEventListener("visibilitychange", renew);
})();
