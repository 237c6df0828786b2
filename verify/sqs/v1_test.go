package sqs

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/session"
	sqsv1 "github.com/aws/aws-sdk-go/service/sqs"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// v1 is aws-sdk-go.
type v1 struct{ client *sqsv1.SQS }

func openV1(endpoint string, who identity) sdk {
	secrets := credentials.AnonymousCredentials
	if who.key != "" {
		secrets = credentials.NewStaticCredentials(who.key, who.secret, "")
	}
	return v1{sqsv1.New(must(session.NewSession(&aws.Config{
		Endpoint:    &endpoint,
		Region:      &who.region,
		Credentials: secrets,
		MaxRetries:  new(0),
	})))}
}

func (c v1) do(ctx context.Context, operation string, in any) (out any, err error) {
	method := reflect.ValueOf(c.client).MethodByName(operation + "WithContext")
	input := reflect.New(method.Type().In(1).Elem())
	convert(input.Elem(), reflect.ValueOf(in).Elem())
	results := method.Call([]reflect.Value{reflect.ValueOf(ctx), input})
	if err, _ := results[1].Interface().(error); err != nil {
		return nil, faultOfV1(err)
	}
	output := reflect.New(outputs[operation])
	convert(output.Elem(), results[0].Elem())
	return output.Interface(), nil
}

func faultOfV1(err error) error {
	told, ok := errors.AsType[awserr.RequestFailure](err)
	if !ok {
		return err
	}
	return &fault{told.Code(), told.Message(), told.StatusCode(), err}
}

// outputs are the types of the outputs by operation.
var outputs = func() map[string]reflect.Type {
	types := make(map[string]reflect.Type)
	for method := range reflect.TypeFor[*sqs.Client]().Methods() {
		if method.Type.NumOut() == 2 && method.Type.IsVariadic() {
			types[method.Name] = method.Type.Out(0).Elem()
		}
	}
	return types
}()

// renamed are the fields that the older SDK has under another name.
var renamed = map[string]string{"MessageSystemAttributeNames": "AttributeNames"}

// convert sets a value of one SDK to one of the other. They have the same
// fields, of which those of the older one are all pointers.
func convert(dst, src reflect.Value) {
	switch {
	case src.Kind() == reflect.Pointer && src.IsNil():
	case src.Kind() == reflect.Pointer && dst.Kind() == reflect.Pointer:
		dst.Set(reflect.New(dst.Type().Elem()))
		convert(dst.Elem(), src.Elem())
	case src.Kind() == reflect.Pointer:
		convert(dst, src.Elem())
	case dst.Kind() == reflect.Pointer:
		dst.Set(reflect.New(dst.Type().Elem()))
		convert(dst.Elem(), src)
	case src.Kind() == reflect.Struct:
		convertFields(dst, src)
	case src.Kind() == reflect.Slice && !src.IsNil():
		dst.Set(reflect.MakeSlice(dst.Type(), src.Len(), src.Len()))
		for i := range src.Len() {
			convert(dst.Index(i), src.Index(i))
		}
	case src.Kind() == reflect.Map && !src.IsNil():
		dst.Set(reflect.MakeMap(dst.Type()))
		for key, value := range src.Seq2() {
			element := reflect.New(dst.Type().Elem()).Elem()
			convert(element, value)
			dst.SetMapIndex(key, element)
		}
	case src.Kind() != reflect.Slice && src.Kind() != reflect.Map:
		dst.Set(src.Convert(dst.Type()))
	}
}

func convertFields(dst, src reflect.Value) {
	for i := range src.NumField() {
		field := src.Type().Field(i)
		if !field.IsExported() || field.Name == "ResultMetadata" || isAbsent(src.Type(), field, src.Field(i)) {
			continue
		}
		target := dst.FieldByName(field.Name)
		if name, ok := renamed[field.Name]; !target.IsValid() && ok {
			target = dst.FieldByName(name)
		}
		if !target.IsValid() {
			panic(fmt.Sprintf("%v has no field %s", dst.Type(), field.Name))
		}
		convert(target, src.Field(i))
	}
}

// isAbsent reports whether the newer SDK would not send the field: it sends a
// zero only of the parameters that are required.
func isAbsent(of reflect.Type, field reflect.StructField, v reflect.Value) bool {
	required := field.Name == "VisibilityTimeout" && strings.HasPrefix(of.Name(), "ChangeMessageVisibility")
	return v.IsZero() && !required
}
