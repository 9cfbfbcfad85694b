import { describeStore } from '../store-conformance.ts';
import { storeFolder } from './store-folder.ts';

describeStore('the embedded store', async () => {
  const folder = await storeFolder();
  const store = folder.open();
  return {
    store,
    settled: async () => {},
    close: async () => {
      await store.close();
      await folder.remove();
    },
  };
});
