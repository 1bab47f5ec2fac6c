// Loads the page anew until what it waits for is there.
const wait = Number(document.querySelector("[data-reload]")?.dataset.reload);
if (wait) setTimeout(() => location.reload(), wait);
