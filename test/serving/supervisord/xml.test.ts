import { expect, test } from "vitest";
import { parseAnswer, renderCall } from "../../../src/serving/supervisord/xml.ts";

test("a call carries its values escaped", () => {
  expect(renderCall("supervisor.startProcess", ["a<b>&c", false, 3])).toBe(
    '<?xml version="1.0"?><methodCall><methodName>supervisor.startProcess</methodName><params>' +
      "<param><value><string>a&lt;b&gt;&amp;c</string></value></param>" +
      "<param><value><boolean>0</boolean></value></param>" +
      "<param><value><int>3</int></value></param></params></methodCall>",
  );
});

test("an answer of all kinds of values is read, with blanks between its tags or none", () => {
  const text = `<?xml version='1.0'?>
<methodResponse>
<params><param>
<value><array><data>
  <value><struct>
    <member><name>name</name><value><string>a &lt;b&gt; &amp;amp; &#233;</string></value></member>
    <member><name>empty</name><value><string/></value></member>
    <member><name>bare</name><value>text</value></member>
    <member><name>none</name><value><array><data></data></array></value></member>
    <member><name>inner</name><value><struct></struct></value></member>
  </struct></value>
  <value><int>-7</int></value><value><boolean>1</boolean></value>
  <value><array><data><value><i4>1</i4></value></data></array></value>
</data></array></value>
</param></params>
</methodResponse>`;
  expect(parseAnswer(text)).toEqual({
    value: [{ name: "a <b> &amp; é", empty: "", bare: "text", none: [], inner: {} }, -7, true, [1]],
  });
});

test("a fault is told from a value, and what is no answer is refused", () => {
  const fault = `<methodResponse><fault><value><struct>
    <member><name>faultCode</name><value><int>10</int></value></member>
    <member><name>faultString</name><value><string>BAD_NAME: x</string></value></member>
  </struct></value></fault></methodResponse>`;
  expect(parseAnswer(fault)).toEqual({ fault: { faultCode: 10, faultString: "BAD_NAME: x" } });
  expect(() => parseAnswer("<html>no</html>")).toThrow(/no answer/);
});
