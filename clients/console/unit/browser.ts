// As much of a browser as modules touch while they load.
class Listening extends EventTarget {}
const page = Object.assign(new Listening(), {
  documentElement: { lang: '' }, visibilityState: 'visible', querySelector: () => null,
});
Object.assign(globalThis, {
  document: page, location: new URL('https://voordeur.example/app/'), addEventListener: () => undefined, scrollTo: () => undefined,
});
