// Writes down what a client saw, in the form of observe.py.
export function observe(client, step, saw) {
  console.log(JSON.stringify({ client, step, saw }));
}
