import { QUANTISER_KINDS } from "./codecs/quantisers/kinds.ts";
import { matrix } from "./codecs/quantisers/matrix.ts";
import { tensor } from "./codecs/quantisers/additiveTables.ts";
const W=384; let s=1; const rnd=()=>{ s=(Math.imul(s,1664525)+1013904223)>>>0; return s/2**32-0.5; };
const mean=tensor([W],new Float32Array(W)); const full=new Float32Array(16*256*W).map(rnd), sub=new Float32Array(256*W).map(rnd);
for (const [k,n,t] of [["pq",10000,{entries:tensor([16,256,24],sub),mean}],["lsq",500,{entries:tensor([16,256,W],full),mean}]] as const) {
  const q=QUANTISER_KINDS[k]!.open(t); const y=matrix(n,W,new Float32Array(n*W).map(rnd)); 
  for (let i=0;i<3;i++){ const c0=process.cpuUsage(); const a=performance.now(); await q.encode(y); const c=process.cpuUsage(c0); console.log(k,n,"wall",(performance.now()-a).toFixed(0),"cpu",((c.user+c.system)/1000).toFixed(0)); } }
