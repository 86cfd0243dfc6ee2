//! gzip: what is packed comes back, and what others have packed is read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::gzip::{pack, unpack};

const MAX: usize = 1 << 20;

#[test]
fn what_is_packed_comes_back() {
    for length in [0, 1, 0xffff, 0x10000, 200_000] {
        let data: Vec<u8> = (0..length).map(|i: u32| i.to_le_bytes()[1]).collect();
        assert_eq!(unpack(&pack(&data), MAX).as_ref(), Some(&data), "{length} bytes");
    }
}

fn line(i: u32) -> String {
    format!("{i} times {} is {}\n", i * 7, i * i * 7)
}

#[test]
fn compressed_files_are_read() {
    let short = BASE64.decode(SHORT).unwrap();
    assert_eq!(unpack(&short, MAX).unwrap(), b"hello hello hello\n");
    let long = BASE64.decode(LONG).unwrap();
    let text: String = (0..400).map(line).collect();
    assert_eq!(unpack(&long, MAX).unwrap(), text.as_bytes());
    let both = [short, long].concat();
    assert_eq!(unpack(&both, MAX).unwrap().len(), 18 + text.len());
}

#[test]
fn what_is_wrong_or_too_large_is_refused() {
    let packed = pack(b"text");
    assert_eq!(unpack(&packed, 3), None);
    for cut in 1..packed.len() {
        assert_eq!(unpack(&packed[..cut], MAX), None, "{cut} bytes");
    }
    let mut broken = packed;
    broken[16] ^= 1;
    assert_eq!(unpack(&broken, MAX), None);
}

/// With the code that needs no words.
const SHORT: &str = "H4sIAAAAAAACA8tIzcnJV8hAkFwAO3yK3xIAAAA=";

/// With codes of its own.
const LONG: &str = "\
    H4sIAAAAAAACA02aPbYlKQ6E/buKWgIgQLCgMdoYq2f/ZyIUpFROny64mUmAfj6k1/7875///uffP+3PP/jPr79/Ov\
    /pv/H+2Sf/Pc7P3sDoHNj2m9/A4UDv47feiK0Y8fXbb2SOeMsaP/9GLkds2u+8kbU5Muf53TeyjSNr+6+3b3WxWm9Y\
    by44VnwmfvUt+sSie2vn1791365lHvv1b+lXSzcfv/4tvjetfmH5/Vs/1EnSxS89B0PDaAOv/FT0ETLG2Pj2J6SbPf\
    3Y2JY727S1EDN6DoYaawe/zDNYocfsnN/49PQdgsyb/cbMwVA0m43fSEUeiqZB0UhFJxRN5y9T0QlFq/OdqeiGojX5\
    9U/RaDqbg3VaS9Nosg0osp6DoWg7tNunaIxQ5Fjvz9KyLBT5xn5aWpeFotOw8/YpGjMUHZ6RfYqwuxy8DadpnoOh6C\
    4cu32Kxt6yjw4DsZTkptENU5qp6bRn3hA1U9RxjTqMc6aqK7sbBiOenyxrsjzMwmlmjj7bW3CKmZ7TZXyTzjM/ZTZk\
    ffPAyabn6JWhTjrjp81M2naHz85PG/xMo6f5b7X00/YcFdpWz1FpO4O//bTZlrZz8d6V2lza7sYaVmrzI8eYDAqp7Y\
    S20altpbar0NAv9mGltivXGo49W5+22eRbBlv8rU/b7HKuaTiL3TLitOdy0LZ7joa2sRvOeH/apinI7Qt72J+2OUPb\
    cIft7Jmj0nZg0L/9aZtL2i4tcmfU20POPGG8OyPfVujrE3a+U5uHNhsGl9ip7Zg83+A9ntpue8ET2jy1XYWOBeP8+a\
    dtNcWOPeC+/mlb/QUPg6f7zNHQZgef+/mnbY3QZpfxwz9tyxQ/2uRvPUdD2+yL783IPhXax+IaPm1rmcLSxnpPyyzQ\
    XhqAttNzNLTNdbEPJ7X5VAxr2LOT2k5om2dgf09qO4qMFwb3O6nthrbVeG7n07bbUBh0nPHxHFVwHBf2cD5tu7/oOG\
    A7JzPXUHhcE3Z2W+az9hIatN2eo6Ft+YX93k/bnqENgpkQP217Kfu2Bb+4M0dD2+4HPnQ/bXsvRWP6201tHtr2XPDN\
    m9o8tOFF8OOb2s5+oRs+f1PbDW2YbEzMlZm/1Mzk3DI7NwEFsh1//clzcYWPg1cj3XzDogufA+vobeZwCPTlWDQT9B\
    sWaLhTIeL2Nyza8LMXf+05fJVJ+uS7P5Eu7jh9T67kU+mCj2Od+FH8IQABbQSCFIMIQvYghiSHuEDk+CGJJIq4WORc\
    I4wkjbhw5LZLHkkgOQKSO4JIEkmOkOTOTiZJKDn9S3ikksSSIyy5PsklCSZHYHJvH8SnlvzUPoCizKSTIzrBMc7D3y\
    dvrQdcs8PDezLKEaPgxC7iQU9MOcIUnM1G9OhJKkekglNgrOkJK0ewgv3u8fsUK17Bhuv9qVbIgq3dsZ5P7hW1dJ41\
    1p/gcnv74JB6k12u2AUbE/uT+HLHS/RIfETMZEx7qd5i9xNiriAGQjcPKznmimPw8jjbRJkrlCEy0BSSZq5oBgsMy0\
    mguQ9okCcCeVPvQxrkBNplQs19UAPwpd7Emvuwxm5YfYLNfWAzsaN4f6INDESCp4VTJd3QcjSxOp1wFl1/hCOnTcaB\
    TT3IuYNOnpiDicc5PYJCkg6ihlQvpCuuKmm7PdpB+GXQSd6BHbaP7ak7kQcTEr5uBLWkHsLgwynnN1Ypf+SzjSGzr1\
    Iu+Ol7N+pYpVz8AwYL5auU33e5aMa9WqVcFIRPM9z35KDeBULdp/M8EoXoH5rYTCY9aYj4+l1gqDyBqPfxaK8zVfVk\
    ot7tAR9uGPhGYlHv4iIkGybCnmRE29DEGbTahKPeRUf9Nl2q6lYlQEIEO/SLXTcrMRKhkI60S7kwqV+Eba6qlIuU+r\
    1EhO6lXLDEWxqVeykXL4FSCSA9iQlbJRxsEI5vJDTB3UWE7RJvenITJs5D28v4lOiECPmYNy5fPekJEeJh7z7xhNfE\
    fTxs8Y26V853scQYV5XKhzgKVyqCX0+Sgru07ypK5QlTmJDycYmV/ZRyARUuYoe7e0q5mAoXmxmX3VIurAK1Xp7gKe\
    UiK8iJM0+2QtCV8gkhfMJrQsphh7SrJCxEOymHsdMST92qx7tWN+J8T85CHPzgP9J0ohYmpBzsSf9I2oKxS/k6jR6V\
    wIXQ2d+NgVeRnsyFCSnfNum1iV2I4lK+d/j5LeVCLxzHZWS4pVz0NXAdZiy5pVwAhmOZjD63lIvBcDfhJW20v2oKWV\
    RgWaFVXUEcRt6KJ6q+81V4Fq4Iv5Eohugv5efwgjkSxjAh5RcnMzCRyqe9W1BcX0cCGUKLlF9vi094TUg5vHbyG6l8\
    ispgLGdyVal8issMoQQnOHopF5mxchIFlb8qKroXMevziVIuOkPq2rCr0Uu5+IzgDEscvZSL0AyaYbujakZLjAaDpL\
    WPqhstUZqNDZL/jaodLXEaLvEsd4yqHy2RGnLa3lxVKl/27oKLpZRRdaQlWmN5iMqrlrReMYlUxieqnvQKSth+FnWq\
    prReUWmeKAFVXWmJ2OANgwWjqi0tIRuu5FFeqvrSErNxQ+KJUi5oM3hUfKOUi9oMKTVWlcq3sA0uG2WxxDaksfbVwK\
    g8uY3p+t1vo+SW4IaEI+UwHu6uVTVN6GbYQp6HVUXNvkvx4Akmu8GapBzXDCpPeEPik/IDnOITXhP33aRZhRyJb3B7\
    Kb970RKtlAvg7F7WN8cs5SI4FvqofJZyIdxsm3XTMUu5GG4CKuhRxXAuhpsIjvTBYjgXw02sgl5bDOdiOFx5w8+L4V\
    wMhxyxGRmK4VwMNxGPGUuK4VwMN+HPjD7FcD5fdQARDTqK4VwMR3Oj8mI4F8PN2fVEKncx3JwzvlEM52I41hq4qmI4\
    F8MBXkNHMZyL4eZaobwYzsVwc53Yq2I4F8NNeDl3txjuiOEmjILnUQx3xHBz3zjBYrgjhmPJlsqL4Y4YbsKkaSXFcE\
    cMB31hV8VwZ74ayQxLLIY7Yjhcj8J2i+GOGA6hMay9GO6I4SZQjf5RDHfEcPPe8KhiuCOGW22EDxbDHTHcgu3Sa4vh\
    jhiOdWkqL4Y7YriF9MbIUAx3xXCLsIRvFMNdMdwaPaJPMdwVwy2yAUviqfyK4SAvIlwx3BXD8foRT3hNqFJkHlG0GO\
    7OVyxqEXeL4a4YbsEUqaMY7orhWHyn8mK4K4Zb2CnuVTHcFcOttSN/FMNdMdzaLTJOMdwVw609I0cVw91XHdtRaB/J\
    cDA/KcfFhFaSDIcJKfcdmTMZDpFCymH1tMRTfYRXKQNk0HaT4QAi7eswUHkyHCb8VcaCAJLhQCivZLaDGZLhkK1f1a\
    wFZSTDYeK8clpwSTIc0EW1s3bDz28pf+UzBEtGhlvKXwUNgYux5JbyV0QDFDD63FL+6mhkTjZR/uqiZBuFjZRWnRQx\
    HIhzxBOpvIvhkKrIidaqV/e6dXOQLC0ZbnQx3EaUgQ5LhhtdDLdXlOktGW50MdwGOyw+4TXxaoeXhGzJcKOL4faeZG\
    pLhhtdDAf7JIVbL+ViOPaKooX0Vw/pNZGcpG+9lIvhcKfm3cB6KRfD0XTZ+umlXAy3b+P9w5LhxhDDIU9GWykZbgwx\
    3L6HdxxLhhtDDIdAwluRJcONIYbz5rxHWTLcGGI4J0WxHdaqH9a+hhiVJ8ONIYZznhifqA7aehXUxfugJcONIYZjaR\
    /Rx5LheA/UxOSd00YpF8O5Svw2SrkYDud644lSLobzeVZ8o5SL4cB8LVaVyk0MhyTN27ZVz9DEcOz6UXn1DU0M53vz\
    Rm/VO7TXPHRSKSaqf/gaiHgXz+OvHqIYjmVYnmD1EU0Mh7QeZ169RBPDOXIXraT6iSaG8ztZ/bDqKZoYDvme9RKrtq\
    KJ4XCxZIXFqrNoYji2Nqm8mosmhgMIsIpj1V80MdxBCqVHJcPBelRRZmuMzdNZE2qfIg/Qa2d1UMVwx6I9YMlwIMah\
    icP6lSXDYUL1c4QYxpJkODbeXk2cNTJLhgNKSvni7flnyXBAyfb1b6k8GQ4TWUePJ1L5FMMdADG/sUq5GA60wuqgrV\
    IuhjtO18FEKRfDnTNC+SrlYjgkHNYsbZVyMRxsh1VOS4YDlUr5ddZFLRkOVKq6ehsspFoyHNuRX5OaypPhWKqIiU6P\
    x0QqX2I4JCLWdi0ZDv7f1RcYLAZbMhwm1EcA3NB2k+FANuok2FDjvDrnYji4P+vTtqt7Loa7OHN61C7lYrg7nRVw26\
    VcDAegYcncvJSL4diJp3Iv5WK4i7TGyJAMxyatJg6r+JYMhwAn5QhYjD7JcJiQcr/sE1gyHJBYyk/cUi0ZDjYj5efu\
    eMJrQsrh5/GN+tuB+f54oLUey0rpe70/IGgrlCTFIfm2/IMDik+Mw8zrqPCmwWdKvb+eymAXAzMl/7yuCv6Pp3JK/3\
    l9FSQQHuSpDbivs2LRarBiORfL9Qb/prkUzLlgDjMnLKxozvvbg2XsbFnhnA/7Oj5hx8Vzbi3/vIJ7UEDn9vYAN1F6\
    SxGdz7cHvtids0I6X28PTg+fLKbz9fbgbPb/rKDO99ddkucX1bm/PbjODqMV1rm/DhO2lPGluM7P6zEh0TEkFdj5fV\
    2mPhnF/g8HfZ46aCUAAA==";
